#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "apis/machinery/base/result.h"

// Variables in the texts of a Compose document.
namespace gantry::compose {

// A text after the substitution.
struct Expansion {
  std::string text;
  // Where the first value of a secret parameter begins; npos: the text has none.
  size_t first_secret = std::string::npos;
  std::string secret_name;  // that parameter

  bool secret() const { return first_secret != std::string::npos; }
};

// Substitutes `$VAR`, `${VAR}`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?message}`,
// `${VAR?message}`, `${VAR:+other}`, `${VAR+other}`, and `$$` for a dollar. Defaults and others may
// hold variables themselves. A variable is a parameter of that name; one without a value is noted
// and reads as empty, so that one run finds them all. Not thread-safe.
class Interpolator {
 public:
  struct Missing {
    std::string name;
    std::string message;  // of `:?` and `?`; may be empty
    std::string place;    // of its first use
  };

  // Both maps outlive the interpolator. A name in both is no secret: `parameters` win.
  Interpolator(const std::map<std::string, std::string>* parameters,
               const std::map<std::string, std::string>* secrets)
      : parameters_(parameters), secrets_(secrets) {}

  // kInvalid, with what is wrong, when a variable does not parse. `place` is where the text stands.
  Result<Expansion> Expand(std::string_view text, std::string place = "");

  // In the order of their first use, each once.
  const std::vector<Missing>& missing() const { return missing_; }
  // Every name that occurred, also where its value was not needed.
  const std::set<std::string>& used() const { return used_; }
  // Says that `name` was asked for by other means.
  void MarkUsed(const std::string& name) { used_.insert(name); }

 private:
  // `live`: the text counts; else only its syntax and its names matter.
  Status ExpandInto(std::string_view text, bool live, int depth, Expansion* out);
  Status ExpandBraced(std::string_view body, bool live, int depth, Expansion* out);
  void Append(const std::string& name, Expansion* out);
  // Null when the parameter has no value.
  const std::string* Find(const std::string& name) const;
  void Miss(const std::string& name, std::string message);

  const std::map<std::string, std::string>* const parameters_;
  const std::map<std::string, std::string>* const secrets_;
  std::string place_;  // of the text at hand
  std::vector<Missing> missing_;
  std::set<std::string> used_;
};

}  // namespace gantry::compose
