# SPDX-License-Identifier: Apache-2.0
#
# teehost_add_plugin(NAME sources...): a plugin NAME.so that the host will take. Where it is built and installed may be set
# with TEEHOST_PLUGIN_OUTPUT_DIR and TEEHOST_PLUGIN_INSTALL_DIR; with the latter NONE it is not installed.
#
# The flags and why: nothing but the entry symbol is exported (plugin.map); undefined symbols fail here and not in the
# daemon (-z defs); no RPATH, because the host loads plugins through a descriptor, for which $ORIGIN means nothing.
function(teehost_add_plugin name)
    add_library(${name} MODULE ${ARGN})
    target_link_libraries(${name} PRIVATE teehost::sdk)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    if("CXX" IN_LIST languages)
        target_compile_features(${name} PRIVATE cxx_std_20)
    endif()
    set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
    set_target_properties(${name} PROPERTIES
        PREFIX ""
        OUTPUT_NAME ${name}
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        SKIP_BUILD_RPATH ON
        INSTALL_RPATH ""
        LINK_DEPENDS ${map})
    target_link_options(${name} PRIVATE
        -Wl,--version-script=${map}
        -Wl,--exclude-libs,ALL
        -Wl,-z,now -Wl,-z,relro)
    if(NOT TEEHOST_SANITIZE) # the sanitizers' runtime is in the program, so its symbols are undefined here by design
        target_link_options(${name} PRIVATE -Wl,-z,defs)
    endif()
    if(TEEHOST_PLUGIN_OUTPUT_DIR)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${TEEHOST_PLUGIN_OUTPUT_DIR})
    endif()
    if(NOT TEEHOST_PLUGIN_INSTALL_DIR)
        set(TEEHOST_PLUGIN_INSTALL_DIR lib/teehost/plugins)
    endif()
    if(NOT TEEHOST_PLUGIN_INSTALL_DIR STREQUAL "NONE")
        install(TARGETS ${name} LIBRARY DESTINATION ${TEEHOST_PLUGIN_INSTALL_DIR})
    endif()
endfunction()
