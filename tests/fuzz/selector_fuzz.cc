#include "apis/machinery/meta/selector.h"
#include "tests/fuzz/check.h"

namespace {

using gantry::FieldSelector;
using gantry::LabelSelector;
using gantry::fuzz::Require;
using Labels = std::map<std::string, std::string>;

const std::vector<Labels>& Samples() {
  static const std::vector<Labels> samples = {
      {}, {{"a", "b"}}, {{"a", ""}}, {{"a", "1"}, {"b", "c"}}, {{"app", "web"}, {"tier", "db"}}};
  return samples;
}

void CheckLabels(std::string_view text) {
  const auto selector = LabelSelector::Parse(text);
  if (!selector.ok()) return;
  const std::string printed = selector->ToString();
  const auto again = LabelSelector::Parse(printed);
  Require(again.ok(), "a printed selector parses", printed);
  Require(again->ToString() == printed, "a printed selector parses to itself", printed);
  for (const Labels& labels : Samples())
    Require(again->Matches(labels) == selector->Matches(labels), "both match the same", printed);
  if (selector->empty()) Require(selector->Matches(Labels{}), "an empty selector matches all");
}

std::string Escape(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == ',' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

void CheckFields(std::string_view text) {
  const auto selector = FieldSelector::Parse(text);
  if (!selector.ok()) return;
  std::string printed;
  for (const FieldSelector::Term& term : selector->terms()) {
    if (!printed.empty()) printed += ',';
    printed += term.field + (term.equal ? "=" : "!=") + Escape(term.value);
  }
  const auto again = FieldSelector::Parse(printed);
  Require(again.ok(), "a printed field selector parses", printed);
  bool same = again->terms().size() == selector->terms().size();
  for (size_t i = 0; same && i < again->terms().size(); ++i) {
    const auto& a = again->terms()[i];
    const auto& b = selector->terms()[i];
    same = a.field == b.field && a.value == b.value && a.equal == b.equal;
  }
  Require(same, "a printed field selector has the same terms", printed);
}

void CheckDocument(std::string_view text) {
  const auto json = gantry::ParseJson(text);
  if (!json.ok()) return;
  const auto selector = LabelSelector::FromJson(*json);
  if (!selector.ok()) return;
  for (const Labels& labels : Samples()) (void)selector->Matches(labels);
  (void)selector->ToString();
}

}  // namespace

// The same text as a label selector, as a field selector and as the JSON of a selector.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  CheckLabels(text);
  CheckFields(text);
  CheckDocument(text);
  return 0;
}
