// Writes what is made from the table of parameters: generate WHAT FILE, at build time.
#include <cstdio>
#include <fstream>
#include <string_view>

#include "conf/dump.h"

int main(int argc, char** argv) {
  using namespace fallbackmx;
  const std::string_view what = argc == 3 ? argv[1] : "";
  if (what != "sample" && what != "manual") {
    std::fputs("usage: generate sample|manual FILE\n", stderr);
    return 64;
  }
  std::ofstream file(argv[2]);
  file << (what == "sample" ? sample_file() : manual_section());
  file.close();
  if (!file) std::fprintf(stderr, "generate: cannot write %s\n", argv[2]);
  return file ? 0 : 73;
}
