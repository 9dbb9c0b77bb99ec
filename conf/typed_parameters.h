// From texts to Settings: types and bounds of parameters. The home of Boost.Program_options.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conf/parameters.h"
#include "conf/tables/restriction_classes.h"

namespace fallbackmx {

/// One set of parameters in the making. The library's own file parser is of no use to us:
/// it cuts values at `#`, knows no continuation, and its errors have no line. But its options description and
/// its variables map are: each parameter is stored by itself, so that each error is known by its name and
/// none hides another.
class TypedParameters {
 public:
  /// What is not set stays as it is in `base`. Classes may stand in lists of restrictions; they outlive it.
  explicit TypedParameters(Settings base = {}, const RestrictionClasses& classes = no_classes());
  ~TypedParameters();
  TypedParameters(const TypedParameters&) = delete;
  TypedParameters& operator=(const TypedParameters&) = delete;

  /// `value` is expanded already. Nothing when it fits; else what is wrong with it, and the parameter stays
  /// unset. Once per parameter.
  std::optional<std::string> set(const Parameter&, std::string_view value);

  Settings settings();
  /// The same, without a copy, until something is set again.
  const Settings& look();
  /// What a domain may have otherwise is as in `base` again, and nothing is set.
  void begin_domain(const DomainSettings& base);

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

}  // namespace fallbackmx
