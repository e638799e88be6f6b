# earthcatalog_stage(NAME SOURCES a.cc ... USES earlier-stage ... LIBRARIES outside-target ...)
# One folder of src/earthcatalog as a static library `earthcatalog_<name>`. USES is the layering:
# a stage links only the stages named there.
function(earthcatalog_stage name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(earthcatalog_${name} STATIC ${ARG_SOURCES})
  target_include_directories(earthcatalog_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  list(TRANSFORM ARG_USES PREPEND earthcatalog_)
  target_link_libraries(
    earthcatalog_${name}
    PUBLIC ${ARG_USES} earthcatalog_arrow ${ARG_LIBRARIES} fmt::fmt Threads::Threads
    PRIVATE earthcatalog_options)
endfunction()

# Behind the project's options: of the tests' own code nothing is to be fast, and nobody looks for undefined behaviour in
# it. Both take compiling time.
add_library(earthcatalog_test_options INTERFACE)
target_compile_options(earthcatalog_test_options INTERFACE -O0)
if(EARTHCATALOG_SANITIZE)
  target_compile_options(earthcatalog_test_options INTERFACE -fno-sanitize=undefined)
endif()

# earthcatalog_test(STAGE a_test.cc ... [LIBRARIES target ...]): one test program per stage, its cases registered with ctest.
function(earthcatalog_test stage)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_executable(${stage}_test ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${stage}_test PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(${stage}_test PRIVATE earthcatalog_${stage} ${ARG_LIBRARIES} earthcatalog_options
                                              earthcatalog_test_options GTest::gmock GTest::gtest_main)
  add_dependencies(unit_tests ${stage}_test)
  gtest_discover_tests(${stage}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${stage})
endfunction()
