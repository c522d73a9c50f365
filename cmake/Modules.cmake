# One directory is one module, one CMake target, one C++ namespace.
#
#   gantry_library(NAME [SUBDIRS dir...] [DEPS target...])   static library of every *.cc here
#   gantry_binary(NAME [DEPS target...])                     executable of every *.cc here
#   gantry_test(NAME [UNIT] [LABEL label] [DEPS target...])  gtest executable of every *.cc here
#
# Files are globbed, so adding a file needs no edit here. Files named main.cc are left to
# gantry_binary. UNIT tests are built and run by the sanitizer presets too; LABEL (crash) names another
# group of tests for hack/test.
#
# The sanitizer presets compile ten files of a target as one (CMAKE_UNITY_BUILD), which takes a third
# of the time: names in the unnamed namespaces of one module must differ.

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
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
endfunction()

function(gantry_test name)
  cmake_parse_arguments(ARG "UNIT" "LABEL" "DEPS" ${ARGN})
  if(GANTRY_UNIT_ONLY AND NOT ARG_UNIT)
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

# Standard headers and nlohmann/json are precompiled once and shared.
function(gantry_precompile name)
  if(TARGET gantry_pch)
    target_precompile_headers(${name} REUSE_FROM gantry_pch)
  endif()
endfunction()
