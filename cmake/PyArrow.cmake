# Targets for the Arrow libraries inside the `pyarrow` wheel, which ships no CMake package.
# The sonames carry the version (libarrow.so.2600 is Arrow 26.0), so a build belongs to one pyarrow
# minor version; pyproject.toml pins it.
execute_process(
  COMMAND "${Python_EXECUTABLE}" -c
          "import pyarrow as pa; print(pa.get_include(), pa.get_library_dirs()[0], pa.__version__, sep=';')"
  OUTPUT_VARIABLE pyarrow_info
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE pyarrow_result)
if(NOT pyarrow_result EQUAL 0)
  message(FATAL_ERROR "No Arrow C++ found: install the pyarrow wheel into ${Python_EXECUTABLE} (`make setup` does)")
endif()
list(GET pyarrow_info 0 PYARROW_INCLUDE_DIR)
list(GET pyarrow_info 1 PYARROW_LIBRARY_DIR)
list(GET pyarrow_info 2 PYARROW_VERSION)
message(STATUS "Arrow: the pyarrow ${PYARROW_VERSION} wheel's")

add_library(earthcatalog_arrow INTERFACE)
target_include_directories(earthcatalog_arrow SYSTEM INTERFACE "${PYARROW_INCLUDE_DIR}")
foreach(library arrow arrow_compute arrow_s3 parquet)
  file(GLOB library_file "${PYARROW_LIBRARY_DIR}/lib${library}.so.*00")
  if(NOT library_file)
    message(FATAL_ERROR "pyarrow ${PYARROW_VERSION} has no lib${library}")
  endif()
  add_library(pyarrow_${library} SHARED IMPORTED)
  set_target_properties(pyarrow_${library} PROPERTIES IMPORTED_LOCATION "${library_file}")
  target_link_libraries(earthcatalog_arrow INTERFACE pyarrow_${library})
endforeach()
