// memory PATH ROWS: fills a verify database with that many addresses, in no order, and prints what it costs
// to have them: `open` (seconds until it serves), `find` (microseconds, median of lookups in no order, of
// addresses that were not looked up lately), `again` (the same for those that were), `bytes` (of file for
// each row), `resident` (KiB that an opened, warm store adds to the process).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "probe/store/store.h"

namespace fallbackmx {
namespace {

using Ticks = std::chrono::steady_clock;

/// Of different addresses, by one process: what it has read is not read again.
constexpr unsigned lookups = 1'000;
constexpr int rounds = 20;
/// Until as much is in memory as will ever be.
constexpr unsigned warm = 50'000;

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

std::vector<double> find_some(Store& store, unsigned rows, unsigned from, unsigned count = lookups) {
  std::vector<double> took;
  for (unsigned i = 0; i < std::min(count, rows); ++i) {
    const std::string key = address((from + i * 7919) % rows);
    const auto start = Ticks::now();
    if (!store.find(key)) std::printf("missing %s\n", key.c_str());
    took.push_back(seconds_since(start));
  }
  return took;
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
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
  std::vector<double> opened, found, again;
  const long before = resident_kib();
  long resident = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto start = Ticks::now();
    auto store = open_sqlite_store(path, log);
    opened.push_back(seconds_since(start));
    if (!store) return 73;
    const auto from = static_cast<unsigned>(std::rand()) % rows;
    for (const double took : find_some(**store, rows, from)) found.push_back(took);
    for (const double took : find_some(**store, rows, from)) again.push_back(took);
    if (round > 0) continue;
    find_some(**store, rows, 0, warm);
    resident = resident_kib() - before;
  }
  std::printf("open %.3f\nfind %.1f\nagain %.1f\nbytes %.0f\nresident %ld\n", median(opened),
              median(found) * 1e6, median(again) * 1e6,
              static_cast<double>(std::filesystem::file_size(path)) / rows, resident);
}
