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

execute_process(
  COMMAND "${Python_EXECUTABLE}" -c "import sysconfig; print(sysconfig.get_paths()['platlib'])"
  OUTPUT_VARIABLE EARTHCATALOG_PLATLIB
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
find_package(h3 REQUIRED HINTS "${EARTHCATALOG_PLATLIB}/lib64/cmake/h3" "${EARTHCATALOG_PLATLIB}/lib/cmake/h3")

find_package(Arrow QUIET)
find_package(Parquet QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  message(STATUS "Arrow: the system's, ${Arrow_VERSION}")
  add_library(earthcatalog_arrow INTERFACE)
  target_link_libraries(earthcatalog_arrow INTERFACE Parquet::parquet_shared Arrow::arrow_shared)
else()
  include(PyArrow)
endif()
