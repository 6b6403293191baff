# SPDX-License-Identifier: Apache-2.0
#
# cmake -DNM=... -DPLUGIN=... -P exports.cmake: fails unless the plugin defines the entry symbol for others and nothing else.
execute_process(COMMAND ${NM} -D --defined-only --format=posix ${PLUGIN}
    OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "[ \t][^\n]*" "" symbols "${output}")
if(NOT symbols STREQUAL "teehost_plugin_entry")
    message(FATAL_ERROR "${PLUGIN} exports:\n${output}")
endif()
