# SPDX-License-Identifier: Apache-2.0
#
# find_package(teehost-sdk 1): the target teehost::sdk, the function teehost_add_plugin, and the path of the conformance
# tool in TEEHOST_PLUGIN_CHECK when it is installed beside the package; with OpenSSL and nlohmann-json also teehost::kit.
include(${CMAKE_CURRENT_LIST_DIR}/teehost-sdk-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/teehost-add-plugin.cmake)
find_package(OpenSSL 3.0 QUIET COMPONENTS Crypto)
find_package(nlohmann_json 3.11 QUIET)
if(OpenSSL_FOUND AND nlohmann_json_FOUND)
    include(${CMAKE_CURRENT_LIST_DIR}/teehost-sdk-kit-targets.cmake)
endif()
find_program(TEEHOST_PLUGIN_CHECK teehost-plugin-check HINTS ${CMAKE_CURRENT_LIST_DIR}/../../../bin)
