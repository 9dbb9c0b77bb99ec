// Sessions of MTAs with the milter that do nothing:
//
//   hold SOCKET COUNT
//
// has COUNT of them say HELO and MAIL, says "held", and lets them stand until its standard input ends.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "test/fake/milter_client.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: hold SOCKET COUNT\n";
    return 64;
  }
  try {
    std::vector<fallbackmx::MilterClient> clients;
    for (int i = 0; i < std::atoi(argv[2]); ++i) {
      auto& client = clients.emplace_back(argv[1]);
      client.negotiate();
      client.connect();
      client.helo();
      client.mail("<friend@example.net>");
    }
    std::cout << "held" << std::endl;
    while (std::cin.get() != std::istream::traits_type::eof()) {
    }
  } catch (const std::exception& trouble) {
    std::cerr << "hold: " << trouble.what() << "\n";
    return 1;
  }
}
