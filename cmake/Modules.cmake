# One directory is one module, one CMake target, one C++ namespace.
#
#   gantry_library(NAME [SUBDIRS dir...] [DEPS target...])   static library of every *.cc here
#   gantry_binary(NAME [SOURCES file...] [DEPS target...])   executable of these, or of every *.cc here
#   gantry_test(NAME [UNIT] [LABEL label] [DEPS target...])  gtest executable of every *.cc here
#   gantry_fuzzer(NAME [SOURCES file...] [DEPS target...])   libFuzzer executable fuzz_NAME of NAME_fuzz.cc
#   gantry_proto(NAME FILE.proto)                            static library of a protobuf file here
#
# Files are globbed, so adding a file needs no edit here. Files named main.cc are left to
# gantry_binary. UNIT tests and those with a LABEL (crash), which names another group of tests for
# hack/test, are built by the sanitizer presets too.
#
# The presets other than dev and clang compile ten files of a target as one (CMAKE_UNITY_BUILD), which
# takes a third of the time: names in the unnamed namespaces of one module must differ.

function(gantry_library name)
  cmake_parse_arguments(ARG "" "" "SUBDIRS;DEPS" ${ARGN})
  set(patterns *.cc)
  foreach(dir ${ARG_SUBDIRS})
    list(APPEND patterns ${dir}/*.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${patterns})
  list(FILTER sources EXCLUDE REGEX "(^|/)main\\.cc$")
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC ${ARG_DEPS})
    gantry_precompile(${name})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${ARG_DEPS})
  endif()
endfunction()

function(gantry_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cc)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

function(gantry_test name)
  cmake_parse_arguments(ARG "UNIT" "LABEL" "DEPS" ${ARGN})
  if(GANTRY_UNIT_ONLY AND NOT ARG_UNIT AND NOT ARG_LABEL)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  gantry_precompile(${name})
  add_test(NAME ${name} COMMAND ${name})
  if(ARG_UNIT)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS unit)
  else()
    set_tests_properties(${name} PROPERTIES TIMEOUT 900 LABELS "${ARG_LABEL}" RUN_SERIAL ON)
  endif()
endfunction()

# Only with GANTRY_FUZZ; the target `fuzzers` builds them all. SOURCES come on top of NAME_fuzz.cc.
function(gantry_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT GANTRY_FUZZ)
    return()
  endif()
  add_executable(fuzz_${name} ${name}_fuzz.cc ${ARG_SOURCES})
  set_target_properties(fuzz_${name} PROPERTIES UNITY_BUILD OFF)
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPS})
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  gantry_precompile(fuzz_${name})
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${name})
endfunction()

# Standard headers and nlohmann/json are precompiled once and shared.
function(gantry_precompile name)
  if(TARGET gantry_pch)
    target_precompile_headers(${name} REUSE_FROM gantry_pch)
  endif()
endfunction()

# gantry_proto(NAME FILE.proto): the C++ of a protobuf file of this directory. The generated header is
# included by the file's path from the root, as "apiserver/openapi/openapi_v2.pb.h".
function(gantry_proto name file)
  file(RELATIVE_PATH dir ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  get_filename_component(stem ${file} NAME_WE)
  set(out ${CMAKE_BINARY_DIR}/generated/${dir})
  file(MAKE_DIRECTORY ${out})
  add_custom_command(
    OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
    COMMAND protobuf::protoc --proto_path=${CMAKE_SOURCE_DIR}
            --cpp_out=${CMAKE_BINARY_DIR}/generated ${CMAKE_CURRENT_SOURCE_DIR}/${file}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file}
    COMMENT "Generating ${stem}.pb.cc")
  add_library(${name} STATIC ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
  # The full runtime: one process cannot hold both, and apiserver/protobuf needs reflection.
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf)
  # Its headers add members for TSan that Debian's library does not have.
  target_compile_options(${name} PUBLIC -U__SANITIZE_THREAD__)
  # A system directory, so that checks of our own style pass over generated headers.
  target_include_directories(${name} SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/generated)
endfunction()
