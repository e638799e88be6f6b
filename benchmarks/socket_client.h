// GET over plain sockets: the least that asking a web server takes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace earthcatalog::benchmarks {

// Asks for every http URL, all of one host (a numeric IPv4 address) and port, over `connections` connections
// that stay open, one request at a time on each. Gives how many answers were 200 with a whole body of the
// length that the head says. Nothing else of HTTP is understood. Ends the process when the sockets fail.
size_t GetAll(const std::vector<std::string>& urls, size_t connections);

}  // namespace earthcatalog::benchmarks
