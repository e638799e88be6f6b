// The program, as a function: the executable and the Python package's console script both call it.
#pragma once

namespace earthcatalog::cli {

// Runs the command line and returns the exit code: 0 done, 1 failed or partial, 2 wrong usage. Results go to
// stdout, progress and errors to stderr. Handles SIGINT and SIGTERM while a command runs, and puts the former
// handlers back. Sets malloc and Arrow up for the whole process.
int Main(int argc, char** argv);

}  // namespace earthcatalog::cli
