// memory PATH ROWS: fills a verify database with that many addresses, in no order, and prints what it costs
// to have them: `open` (seconds until it serves), `find` (microseconds, median of lookups in no order),
// `bytes` (of file for each row), `resident` (KiB that an opened, warm store adds to the process).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "probe/store.h"

namespace fallbackmx {
namespace {

using Ticks = std::chrono::steady_clock;

constexpr int lookups = 20'000;

double seconds_since(Ticks::time_point start) {
  return std::chrono::duration<double>(Ticks::now() - start).count();
}

long resident_kib() {
  long total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/// As addresses come: neither their names nor their domains in any order.
std::string address(unsigned number) {
  const unsigned shuffled = number * 2654435761u;
  return "name" + std::to_string(shuffled) + "@domain" + std::to_string(number % 1000) + ".example";
}

/// Three of four exist; the words are Postfix's.
AddressRecord record(unsigned number, WallTime now) {
  const WallTime then = now - Seconds(number % 100'000);
  if (number % 4 != 0) return {Verdict::deliverable, 250, "2.1.5", "Ok", then, then};
  return {Verdict::undeliverable, 550, "5.1.1", "User unknown in virtual mailbox table", then, {}};
}

void fill(Store& store, unsigned rows) {
  const WallTime now = SystemClock().wall();
  Settings settings;
  settings.address_verify_positive_expire_time = settings.address_verify_negative_expire_time =
      std::chrono::hours(1000);
  for (unsigned i = 0; i < rows; ++i) {
    store.put(address(i), record(i, now));
    if (i % 10'000 == 9'999) store.clean_up(now, settings, 10'000'000);  // waits until it is written
  }
}

double median_find(Store& store, unsigned rows) {
  std::vector<double> took;
  for (int i = 0; i < lookups; ++i) {
    const std::string key = address(static_cast<unsigned>(std::rand()) % rows);
    const auto start = Ticks::now();
    if (!store.find(key)) std::printf("missing %s\n", key.c_str());
    took.push_back(seconds_since(start));
  }
  std::sort(took.begin(), took.end());
  return took[took.size() / 2];
}

}  // namespace
}  // namespace fallbackmx

int main(int count, char** arguments) {
  using namespace fallbackmx;
  if (count != 3) return 64;
  const std::string path = arguments[1];
  const auto rows = static_cast<unsigned>(std::atoi(arguments[2]));
  Log log([](LogLevel, std::string_view line) { std::printf("log %s\n", std::string(line).c_str()); });
  {
    auto store = open_sqlite_store(path, log);
    if (!store) return 73;
    fill(**store, rows);
  }
  const long before = resident_kib();
  const auto start = Ticks::now();
  auto store = open_sqlite_store(path, log);
  const double opened = seconds_since(start);
  if (!store) return 73;
  const double found = median_find(**store, rows);
  std::printf("open %.3f\nfind %.1f\nbytes %.0f\nresident %ld\n", opened, found * 1e6,
              static_cast<double>(std::filesystem::file_size(path)) / rows, resident_kib() - before);
}
