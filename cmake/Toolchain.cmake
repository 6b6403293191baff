# SPDX-License-Identifier: Apache-2.0
#
# Compiler launcher, linker and the one interface target, teehost::flags, that carries warnings and hardening.

find_program(TEEHOST_CCACHE ccache)
if(TEEHOST_CCACHE)
    # Paths relative to the checkout, so that another clone of it finds what this one has compiled.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${TEEHOST_CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

add_library(teehost_flags INTERFACE)
add_library(teehost::flags ALIAS teehost_flags)

target_compile_options(teehost_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
    -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # False alarms when optimising: "text" + std::string as an overlapping copy (GCC bug 105329), and the frames of asio's
    # coroutines, whose operator new and delete are taken for a mismatched pair.
    target_compile_options(teehost_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-mismatched-new-delete>)
endif()
if(TEEHOST_WERROR)
    target_compile_options(teehost_flags INTERFACE -Werror)
endif()

if(TEEHOST_FAULTS)
    target_compile_definitions(teehost_flags INTERFACE TEEHOST_FAULTS)
endif()
if(TEEHOST_SANITIZE)
    target_compile_options(teehost_flags INTERFACE -fsanitize=${TEEHOST_SANITIZE} -fno-omit-frame-pointer)
    target_link_options(teehost_flags INTERFACE -fsanitize=${TEEHOST_SANITIZE})
else()
    target_compile_options(teehost_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
    target_link_options(teehost_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(TEEHOST_COVERAGE)
    target_compile_options(teehost_flags INTERFACE --coverage)
    target_link_options(teehost_flags INTERFACE --coverage)
endif()

include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

find_program(TEEHOST_MOLD mold)
if(TEEHOST_MOLD)
    target_link_options(teehost_flags INTERFACE -fuse-ld=mold)
endif()

# teehost_executable(NAME sources...): a program of ours, with the flags everything of ours gets.
function(teehost_executable name)
    add_executable(${name} ${ARGN})
    if(TEEHOST_SANITIZE)
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/sanitizer_defaults.c)
    endif()
    target_link_libraries(${name} PRIVATE teehost::flags)
endfunction()

# teehost_library(NAME sources...): a static library `teehost_NAME` with the alias `teehost::NAME`.
function(teehost_library name)
    add_library(teehost_${name} STATIC ${ARGN})
    add_library(teehost::${name} ALIAS teehost_${name})
    # How ours is built is no business of who links an installed library.
    target_link_libraries(teehost_${name} PRIVATE $<BUILD_INTERFACE:teehost::flags>)
endfunction()
