# SPDX-License-Identifier: Apache-2.0
#
# Everything comes from the distribution; nothing is downloaded. scripts/bootstrap names the packages.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL 7.85 REQUIRED)
find_package(EXPAT 2.4 REQUIRED)
find_package(Poco REQUIRED COMPONENTS Foundation Util Net NetSSL)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(SQLite3 3.37 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(LibLZMA 5.2 REQUIRED)
pkg_check_modules(TSS2_MU REQUIRED IMPORTED_TARGET tss2-mu>=3.2)
if(TEEHOST_BUILD_TESTS OR TEEHOST_BUILD_FUZZ)
    pkg_check_modules(MINIZIP REQUIRED IMPORTED_TARGET minizip) # as the guest's agent has it
endif()
if(TEEHOST_BUILD_TESTS)
    pkg_check_modules(CPPUNIT REQUIRED IMPORTED_TARGET cppunit)
endif()
