# Compiler options for the project's own targets: they link `earthcatalog_options`.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(earthcatalog_options INTERFACE)
target_compile_options(
  earthcatalog_options
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wnon-virtual-dtor
            -Woverloaded-virtual
            -Wold-style-cast
            -Werror
            # GCC 12 sees overlapping copies in std::string's own code when it is inlined (GCC bug 105329).
            $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>>)
if(EARTHCATALOG_SANITIZE)
  target_compile_options(earthcatalog_options INTERFACE -fsanitize=${EARTHCATALOG_SANITIZE}
                                                        -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(earthcatalog_options INTERFACE -fsanitize=${EARTHCATALOG_SANITIZE})
endif()
