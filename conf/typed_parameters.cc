#include "conf/typed_parameters.h"

#include <fmt/format.h>

#include <array>
#include <boost/program_options.hpp>
#include <utility>

#include "conf/grammar/units.h"
#include "conf/tables/restriction_list.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

namespace po = boost::program_options;

// How each kind of value is read from text: As<kind>::read. The names are those of the first column of
// parameters.def.

struct AsText {
  static Result<kind::Text> read(std::string_view text, const Parameter& row) {
    if (row.least > 0 && text.empty()) return Error{"must not be empty"};
    return std::string(text);
  }
};

/// For what has bounds. `most` 0 is no bound for what may grow without harm.
template <class Write>
std::optional<Error> out_of_bounds(long value, const Parameter& row, Write write) {
  if (value < row.least) return Error{"must be at least " + write(row.least)};
  if (row.most != 0 && value > row.most) return Error{"must be at most " + write(row.most)};
  return std::nullopt;
}

std::string plain(long number) { return std::to_string(number); }

struct AsTime {
  static Result<kind::Time> read(std::string_view text, const Parameter& row) {
    const auto time = parse_time(text, unit_of(row.initial));
    if (!time) return Error{time.error()};
    const auto write = [](long seconds) { return format_time(Seconds(seconds)); };
    if (auto error = out_of_bounds(time->count(), row, write)) return *std::move(error);
    return *time;
  }
};

struct AsNumber {
  static Result<kind::Number> read(std::string_view text, const Parameter& row) {
    const auto number = parse_whole_number(text);
    if (!number) return Error{number.error()};
    if (auto error = out_of_bounds(*number, row, plain)) return *std::move(error);
    return static_cast<int>(*number);
  }
};

struct AsCode {
  static Result<kind::Code> read(std::string_view text, const Parameter& row) {
    const auto code = parse_code(text);
    if (!code) return Error{code.error()};
    if (auto error = out_of_bounds(*code, row, plain)) return *std::move(error);
    return *code;
  }
};

struct AsMode {
  static Result<kind::Mode> read(std::string_view text, const Parameter& row) {
    const auto mode = parse_mode(text);
    if (!mode) return Error{mode.error()};
    if (*mode > row.most) return Error{fmt::format("must be at most {:04o}", row.most)};
    return *mode;
  }
};

struct AsFlag {
  static Result<kind::Flag> read(std::string_view text, const Parameter&) { return parse_flag(text); }
};

struct AsWords {
  static Result<kind::Words> read(std::string_view text, const Parameter&) { return split_words(text); }
};

struct AsPhrases {
  static Result<kind::Phrases> read(std::string_view text, const Parameter&) { return split_phrases(text); }
};

struct AsRestrictionNames {
  static Result<kind::RestrictionNames> read(std::string_view text, const Parameter&,
                                             const RestrictionClasses& classes) {
    return parse_restrictions(text, classes);
  }
};

struct AsDomains {
  static Result<kind::Domains> read(std::string_view text, const Parameter&) {
    return DomainList::parse(text);
  }
};

struct AsNetworks {
  static Result<kind::Networks> read(std::string_view text, const Parameter&) {
    return NetworkList::parse(text);
  }
};

template <class Enum, std::size_t N>
Result<Enum> one_of(const std::pair<std::string_view, Enum> (&words)[N], std::string_view text) {
  std::string known;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i].first == text) return words[i].second;
    known += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + std::string(words[i].first);
  }
  return Error{fmt::format("{} is not one of {}", in_quotes(text), known)};
}

struct AsTempfail {
  static Result<kind::Tempfail> read(std::string_view text, const Parameter&) {
    using enum TempfailAction;
    return one_of<TempfailAction>({{"defer_if_permit", defer_if_permit}, {"defer", defer}}, text);
  }
};

struct AsUnverified {
  static Result<kind::Unverified> read(std::string_view text, const Parameter&) {
    using enum UnverifiedAction;
    return one_of<UnverifiedAction>(
        {{"permit", permit}, {"defer", defer}, {"defer_if_permit", defer_if_permit}}, text);
  }
};

struct AsUndecided {
  static Result<kind::Undecided> read(std::string_view text, const Parameter&) {
    using enum UndecidedAction;
    return one_of<UndecidedAction>({{"auto", automatic}, {"defer", defer}, {"permit", permit}}, text);
  }
};

struct AsKnownBad {
  static Result<kind::KnownBad> read(std::string_view text, const Parameter&) {
    using enum KnownBadAction;
    return one_of<KnownBadAction>({{"defer", defer}, {"permit", permit}}, text);
  }
};

struct AsUp {
  static Result<kind::Up> read(std::string_view text, const Parameter&) {
    using enum UpAction;
    return one_of<UpAction>({{"continue", go_on}, {"defer", defer}}, text);
  }
};

struct AsEnforce {
  static Result<kind::Enforce> read(std::string_view text, const Parameter&) {
    using enum Enforcement;
    return one_of<Enforcement>({{"enforce", enforce}, {"log-only", log_only}}, text);
  }
};

struct AsPreference {
  static Result<kind::Preference> read(std::string_view text, const Parameter&) {
    using enum AddressPreference;
    return one_of<AddressPreference>({{"any", any}, {"ipv6", ipv6}, {"ipv4", ipv4}}, text);
  }
};

struct AsTls {
  static Result<kind::Tls> read(std::string_view text, const Parameter&) { return tls_level_named(text); }
};

struct AsTlsVersions {
  static Result<kind::TlsVersions> read(std::string_view text, const Parameter&) {
    return TlsProtocols::parse(text);
  }
};

struct AsTlsTables {
  static Result<kind::TlsTables> read(std::string_view text, const Parameter&) {
    return TlsPolicies::parse(text);
  }
};

struct AsPolicyTables {
  static Result<kind::PolicyTables> read(std::string_view text, const Parameter&) {
    return RecipientPolicies::parse(text);
  }
};

struct AsTransportTables {
  static Result<kind::TransportTables> read(std::string_view text, const Parameter&) {
    return TransportMaps::parse(text);
  }
};

struct AsEhloTables {
  static Result<kind::EhloTables> read(std::string_view text, const Parameter&) {
    return EhloKeywordMaps::parse(text);
  }
};

struct AsLogTo {
  static Result<kind::LogTo> read(std::string_view text, const Parameter&) {
    using enum LogTarget;
    return one_of<LogTarget>({{"syslog", syslog}, {"stderr", standard_error}}, text);
  }
};

struct AsLogAs {
  static Result<kind::LogAs> read(std::string_view text, const Parameter&) {
    return one_of<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}, text);
  }
};

/// What po::value<T>() is, for values that are read our way, with the bounds and the default unit of their
/// row.
template <class As, class T>
class RowValue : public po::value_semantic {
 public:
  RowValue(T& destination, const Parameter& row, const RestrictionClasses& classes)
      : destination_(destination), row_(row), classes_(classes) {}

  std::string name() const override { return std::string(row_.type); }
  unsigned min_tokens() const override { return 1; }
  unsigned max_tokens() const override { return 1; }
  bool is_composing() const override { return false; }
  bool is_required() const override { return false; }
  bool apply_default(boost::any&) const override { return false; }
  void parse(boost::any& into, const std::vector<std::string>& texts, bool) const override {
    auto value = read(texts.at(0));
    if (!value) throw po::error(value.error());
    into = *std::move(value);
  }
  void notify(const boost::any& stored) const override { destination_ = boost::any_cast<const T&>(stored); }

 private:
  Result<T> read(const std::string& text) const {
    if constexpr (requires { As::read(text, row_, classes_); })
      return As::read(text, row_, classes_);
    else
      return As::read(text, row_);
  }

  T& destination_;
  const Parameter& row_;
  const RestrictionClasses& classes_;
};

}  // namespace

struct TypedParameters::Options {
  Settings settings;
  po::options_description described;
  po::variables_map stored;
};

TypedParameters::TypedParameters(Settings base, const RestrictionClasses& classes)
    : options_(std::make_unique<Options>()) {
  options_->settings = std::move(base);
  auto& [settings, described, stored] = *options_;
  // The description owns the values.
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help) \
  described.add_options()(                                \
      #name, new RowValue<As##type, kind::type>(settings.name, *find_parameter(#name), classes), help);
#include "conf/parameters.def"
#undef PARAMETER
#undef SECTION
}

TypedParameters::~TypedParameters() = default;

std::optional<std::string> TypedParameters::set(const Parameter& parameter, std::string_view value) {
  po::parsed_options one(&options_->described);
  one.options.emplace_back(std::string(parameter.name), std::vector{std::string(value)});
  try {
    po::store(one, options_->stored);
  } catch (const po::error& error) {
    return error.what();
  }
  return std::nullopt;
}

const Settings& TypedParameters::look() {
  po::notify(options_->stored);
  return options_->settings;
}

Settings TypedParameters::settings() { return look(); }

void TypedParameters::begin_domain(const DomainSettings& base) {
  options_->stored.clear();
  static_cast<DomainSettings&>(options_->settings) = base;
}

}  // namespace fallbackmx
