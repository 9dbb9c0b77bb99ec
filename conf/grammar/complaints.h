// What is wrong with a configuration, in the order in which it is written.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace fallbackmx {

/// Errors and warnings, each with its place among all that is written.
class Complaints {
 public:
  void error(std::size_t order, std::string text) { errors_.push_back({order, std::move(text)}); }
  void warn(std::size_t order, std::string text) { warnings_.push_back({order, std::move(text)}); }
  bool any_error() const { return !errors_.empty(); }

  /// In order, and no more than a hundred: then the file is something else altogether.
  std::vector<std::string> errors() const { return sorted(errors_); }
  std::vector<std::string> warnings() const { return sorted(warnings_); }

 private:
  struct Complaint {
    std::size_t order;
    std::string text;
  };
  static std::vector<std::string> sorted(std::vector<Complaint> complaints);

  std::vector<Complaint> errors_, warnings_;
};

}  // namespace fallbackmx
