# Compiler flags, ccache and the Debian packages that every target may use.
# Settings that let a fresh clone anywhere reuse what another one compiled, precompiled header included:
# that is compared by its .sum (apis/machinery/base), as its bytes hold paths.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_PCH_EXTSUM=1 CCACHE_MAXSIZE=20G
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Werror -Wno-unused-parameter)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Boost 1.74 does not detect clang's coroutines by itself.
  add_compile_definitions(BOOST_ASIO_HAS_CO_AWAIT=1 BOOST_ASIO_HAS_STD_COROUTINE=1)
  add_compile_options(-Wthread-safety -Wno-unused-lambda-capture)
else()
  # g++ 12 reports these inside libstdc++ and boost at -O2; they are known false positives.
  add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-restrict -Wno-dangling-pointer -Wno-free-nonheap-object
                      -Wno-stringop-overread -Wno-mismatched-new-delete -Wno-tsan)
  # With several files compiled as one, unnamed namespaces look like those of a header.
  if(CMAKE_UNITY_BUILD)
    add_compile_options(-Wno-subobject-linkage)
  endif()
endif()

if(CMAKE_UNITY_BUILD AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Means types of headers; the parts of a unity file look like one to g++.
  add_compile_options(-Wno-subobject-linkage)
endif()

if(GANTRY_SANITIZE)
  add_compile_options(-fsanitize=${GANTRY_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GANTRY_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND GANTRY_SANITIZE MATCHES "undefined")
    # The parts of a coroutine that is a template refer to the type data of the whole, which is in
    # another section: clang 14 then fails to assemble the file.
    add_compile_options(-fno-sanitize=function)
  endif()
endif()

include_directories(${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibArchive REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(RocksDB REQUIRED)
find_package(cpprestsdk REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(tl-expected REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(Protobuf REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS system)

# The precompiled header serves every target, so all of them get the same definitions.
link_libraries(fmt::fmt spdlog::spdlog)
set(CMAKE_PCH_WARN_INVALID OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(SHELL:-Xclang\ -fno-pch-timestamp)  # lets ccache reuse what used the header
endif()
