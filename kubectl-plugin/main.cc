#include <unistd.h>

#include <iostream>

#include "kubectl-plugin/cli.h"

int main(int argc, char** argv) {
  using gantry::kubectl::Session;
  Session session({std::cin, std::cout, std::cerr, isatty(0) == 1, isatty(1) == 1, isatty(2) == 1});
  return gantry::kubectl::RunCli({argv + 1, argv + argc}, &session);
}
