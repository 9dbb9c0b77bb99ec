#include "test/fake/fake_resolver.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "test/fake/words.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_cnames = 10;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Lower case, no trailing dot.
std::string host(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return lower(text);
}

std::string bytes_of_hex(const std::string& hex) {
  auto bytes = read_hex(hex);
  if (!bytes) throw std::invalid_argument("not hexadecimal: " + hex);
  return *std::move(bytes);
}

std::uint8_t octet(const std::string& text) { return static_cast<std::uint8_t>(std::stoi(text)); }

std::optional<RecordType> record_type_named(const std::string& name) {
  for (auto type : {RecordType::a, RecordType::aaaa, RecordType::mx, RecordType::tlsa, RecordType::cname}) {
    if (to_string(type) == name) return type;
  }
  return std::nullopt;
}

}  // namespace

FakeResolver::FakeResolver(Clock& clock)
    : wait_([&clock](SteadyTime deadline) {
        auto sleeper = clock.sleeper();
        while (sleeper->sleep_until(deadline)) continue;
      }),
      clock_(&clock) {}

void FakeResolver::add(std::string_view line) {
  std::istringstream in{std::string(line)};
  std::string name, type, word;
  std::vector<std::string> words;
  in >> name >> type;
  while (in >> word) words.push_back(word);
  std::lock_guard lock(mutex_);
  try {
    if (type.empty()) throw std::invalid_argument("a name and a type are needed");
    add_record(names_[host(name)], type, words);
  } catch (const std::exception& trouble) {
    throw std::invalid_argument("zone line \"" + std::string(line) + "\": " + trouble.what());
  }
}

void FakeResolver::add_record(Name& name, const std::string& type, const std::vector<std::string>& words) {
  static const std::map<std::string, Trouble> troubles = {{"SERVFAIL", Trouble::servfail},
                                                          {"NXDOMAIN", Trouble::nxdomain},
                                                          {"BOGUS", Trouble::bogus},
                                                          {"TIMEOUT", Trouble::timeout}};
  if (auto trouble = troubles.find(type); trouble != troubles.end()) {
    if (words.empty()) {
      name.trouble = trouble->second;
    } else if (auto of_type = record_type_named(words[0])) {
      name.trouble_of_type[*of_type] = trouble->second;
    } else {
      throw std::invalid_argument("unknown type " + words[0]);
    }
  } else if (type == "AD") {
    name.authentic = true;
  } else if (type == "MX") {
    name.mx.push_back({std::stoi(words.at(0)), host(words.at(1))});
  } else if (type == "A") {
    name.a.push_back(boost::asio::ip::make_address_v4(words.at(0)));
  } else if (type == "AAAA") {
    name.aaaa.push_back(boost::asio::ip::make_address_v6(words.at(0)));
  } else if (type == "CNAME") {
    name.cname = host(words.at(0));
  } else if (type == "TLSA") {
    name.tlsa.push_back(
        {octet(words.at(0)), octet(words.at(1)), octet(words.at(2)), bytes_of_hex(words.at(3))});
  } else {
    throw std::invalid_argument("unknown type " + type);
  }
}

void FakeResolver::remove(std::string_view name) {
  std::lock_guard lock(mutex_);
  names_.erase(host(name));
}

void FakeResolver::keep() {
  std::lock_guard lock(mutex_);
  kept_.emplace();
}

std::optional<DnsAnswer> FakeResolver::at_hand(std::string_view name, RecordType type) {
  std::lock_guard lock(mutex_);
  if (!kept_ || !kept_->contains({lower(name), type})) return std::nullopt;
  bool silent = false;
  return answer(lower(name), type, silent);
}

DnsAnswer FakeResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  const Lookup one[] = {{std::string(name), type}};
  return std::move(lookup_all(one, deadline).front());
}

std::vector<DnsAnswer> FakeResolver::lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) {
  std::vector<bool> timed_out;
  std::vector<DnsAnswer> answers;
  {
    std::lock_guard lock(mutex_);
    for (const auto& lookup : lookups) {
      ++asked_[lower(lookup.name)];
      if (kept_) kept_->emplace(lower(lookup.name), lookup.type);
      bool silent = false;
      answers.push_back(answer(lower(lookup.name), lookup.type, silent));
      timed_out.push_back(silent);
    }
  }
  const bool any = std::find(timed_out.begin(), timed_out.end(), true) != timed_out.end();
  if (any && wait_) wait_(kept_until(lookups, answers, timed_out, deadline));
  return answers;
}

SteadyTime FakeResolver::kept_until(std::span<const Lookup> lookups, const std::vector<DnsAnswer>& answers,
                                    const std::vector<bool>& timed_out, SteadyTime deadline) const {
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    const auto has_addresses = [&](std::size_t other) {
      return lookups[other].name == lookups[i].name && !answers[other].addresses.empty();
    };
    const bool known = (i > 0 && has_addresses(i - 1)) || (i + 1 < lookups.size() && has_addresses(i + 1));
    if (timed_out[i] && !known) return deadline;
  }
  return clock_ == nullptr ? deadline : std::min(deadline, clock_->now() + resolution_delay);
}

DnsAnswer FakeResolver::answer(const std::string& asked, RecordType type, bool& timed_out) const {
  using Status = DnsAnswer::Status;
  const std::string question = asked + " " + std::string(to_string(type));
  DnsAnswer out;
  out.ttl = std::chrono::seconds(300);
  out.authentic = true;
  out.canonical = asked;
  const auto fail = [&](Status status, const std::string& why) {
    out.status = status;
    out.why = question + ": " + why;
    if (status == Status::temporary) out.authentic = false;
    return out;
  };

  for (std::size_t hops = 0; hops <= most_cnames; ++hops) {
    const auto found = names_.find(out.canonical);
    if (found == names_.end()) {
      out.authentic = false;
      const auto below = [&](const auto& entry) { return entry.first.ends_with("." + out.canonical); };
      return std::any_of(names_.begin(), names_.end(), below)
                 ? fail(Status::no_data, "no such record (NODATA)")
                 : fail(Status::nx_domain, "no such name (NXDOMAIN)");
    }
    const Name& name = found->second;
    out.authentic = out.authentic && name.authentic;
    auto trouble = name.trouble;
    if (auto it = name.trouble_of_type.find(type); it != name.trouble_of_type.end()) trouble = it->second;
    if (trouble == Trouble::servfail) return fail(Status::temporary, "SERVFAIL");
    if (trouble == Trouble::bogus) return fail(Status::temporary, "SERVFAIL (bogus)");
    if (trouble == Trouble::nxdomain) return fail(Status::nx_domain, "no such name (NXDOMAIN)");
    if (trouble == Trouble::timeout) {
      timed_out = true;
      return fail(Status::temporary, "no answer in time");
    }
    if (name.cname.empty() || type == RecordType::cname) {
      if (type == RecordType::cname) out.alias_of = name.cname;
      if (type == RecordType::mx) out.mx = name.mx;
      if (type == RecordType::a) out.addresses = name.a;
      if (type == RecordType::aaaa) out.addresses = name.aaaa;
      if (type == RecordType::tlsa) out.tlsa = name.tlsa;
      const bool none = out.mx.empty() && out.addresses.empty() && out.tlsa.empty() && out.alias_of.empty();
      if (none) return fail(Status::no_data, "no such record (NODATA)");
      out.status = Status::ok;
      return out;
    }
    out.canonical = name.cname;
  }
  return fail(Status::nx_domain, "more than 10 CNAME records, or a loop of them");
}

std::size_t FakeResolver::questions() const {
  std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const auto& [name, count] : asked_) sum += count;
  return sum;
}

std::size_t FakeResolver::questions(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto it = asked_.find(host(name));
  return it == asked_.end() ? 0 : it->second;
}

}  // namespace fallbackmx
