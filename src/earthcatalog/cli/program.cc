#include "earthcatalog/cli/main.h"
#include "earthcatalog/io/location.h"

int main(int argc, char** argv) {
  const int code = earthcatalog::cli::Main(argc, argv);
  earthcatalog::io::Shutdown();
  return code;
}
