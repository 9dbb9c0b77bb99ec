// fallbackmx: the operator's command.

#include <sysexits.h>

#include <csignal>
#include <exception>
#include <iostream>
#include <string_view>
#include <vector>

#include "milter/command/command.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const int status = fallbackmx::run_command(words, std::cout, std::cerr);
    return std::cout.flush() ? status : EX_IOERR;
  } catch (const std::exception& trouble) {
    std::cerr << "fallbackmx: " << trouble.what() << '\n';
    return EX_SOFTWARE;
  }
}
