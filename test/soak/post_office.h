// Where messages arrived: at a primary, or as a bounce at who sent them. Each bears its number in a header
// field, which a bounce quotes.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace fallbackmx::soak {

constexpr std::string_view number_field = "X-Soak-Number: ";

/// Of all primaries and the senders. Used by all threads.
class PostOffice {
 public:
  void delivered(long number);
  void bounced(long number);
  int deliveries(long number) const { return count_in(delivered_, number) + count_in(collected_, number); }
  int bounces(long number) const { return count_in(bounced_, number); }
  /// What a real primary has put into mailboxes below a directory until now.
  void collect(const std::filesystem::path& mailboxes);

 private:
  int count_in(const std::map<long, int>& counts, long number) const;

  mutable std::mutex mutex_;  ///< protects what follows
  std::map<long, int> delivered_, bounced_, collected_;
};

}  // namespace fallbackmx::soak
