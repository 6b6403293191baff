# SPDX-License-Identifier: Apache-2.0
#
# Installs the SDK of BUILD into a staging prefix, and configures, builds, installs and checks the project SOURCE with it,
# whose plugin is NAME.so. As an author outside would: find_package(teehost-sdk 1) and nothing else.
set(root ${BUILD}/tests/out-of-tree)
set(sdk ${root}/sdk)
set(project ${root}/${NAME})
file(REMOVE_RECURSE ${sdk} ${project})

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --component teehost-sdk --prefix ${sdk})
run(${CMAKE_COMMAND} -S ${SOURCE} -B ${project}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${sdk}
    -DCMAKE_C_COMPILER=${C_COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -DCMAKE_BUILD_TYPE=Release
    -DTEEHOST_PLUGIN_INSTALL_DIR=plugins)
run(${CMAKE_COMMAND} --build ${project}/build)
run(${CMAKE_COMMAND} --install ${project}/build --prefix ${project})
run(${sdk}/bin/teehost-plugin-check ${project}/plugins/${NAME}.so)
