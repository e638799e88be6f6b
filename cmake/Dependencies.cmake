# Every outside library the project links, found once, as one target each.
# Arrow comes from the system when it is installed there, otherwise from the `pyarrow` wheel of the
# Python found here; H3 comes from the `h3` wheel (Debian has no package of it).
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
find_package(Threads REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GEOS REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# library_without_package(TARGET HEADER LIBRARY): what Debian has no CMake package of.
function(library_without_package target header library)
  find_path(${library}_INCLUDE_DIR ${header} REQUIRED)
  find_library(${library}_LIBRARY ${library} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${library}_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                       "${${library}_INCLUDE_DIR}")
endfunction()
library_without_package(xxHash::xxHash xxhash.h xxhash)
library_without_package(libdeflate::libdeflate libdeflate.h deflate)

# Beside the package, wherever this Python finds it: pip builds in an environment that is not the one it installs into.
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('h3').origin).parents[1])"
  OUTPUT_VARIABLE H3_PACKAGES
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
  RESULT_VARIABLE h3_result)
if(NOT h3_result EQUAL 0)
  message(FATAL_ERROR "No H3 found: install the h3 wheel into ${Python_EXECUTABLE} (`make setup` does)")
endif()
find_package(h3 REQUIRED HINTS "${H3_PACKAGES}/lib64/cmake/h3" "${H3_PACKAGES}/lib/cmake/h3")
# The wheel names the math library by the path it had where the wheel was built.
set_target_properties(h3::h3 PROPERTIES INTERFACE_LINK_LIBRARIES m)

find_package(Arrow QUIET)
find_package(Parquet QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  message(STATUS "Arrow: the system's, ${Arrow_VERSION}")
  add_library(earthcatalog_arrow INTERFACE)
  target_link_libraries(earthcatalog_arrow INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
else()
  include(PyArrow)
endif()
