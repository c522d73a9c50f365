#include "apis/machinery/meta/selector.h"

#include <algorithm>

#include "tests/fuzz/check.h"

namespace {

using gantry::FieldSelector;
using gantry::Json;
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

// Bytes as requirements: the text, the JSON and a plain reading of them select the same.
void CheckForms(std::string_view bytes) {
  constexpr const char* kKeys[] = {"a", "b", "app", "tier"};
  constexpr const char* kValues[] = {"", "1", "b", "c", "web", "db"};
  constexpr const char* kOps[] = {"In", "NotIn", "Exists", "DoesNotExist"};
  const auto take = [&bytes]() -> uint8_t {
    if (bytes.empty()) return 0;
    const char byte = bytes.front();
    bytes.remove_prefix(1);
    return static_cast<uint8_t>(byte);
  };
  std::string text;
  Json expressions = Json::array();
  std::vector<bool> expected(Samples().size(), true);
  for (int i = 0; i < 4 && !bytes.empty(); ++i) {
    const std::string key = kKeys[take() % std::size(kKeys)];
    const std::string op = kOps[take() % std::size(kOps)];
    const bool set = op == "In" || op == "NotIn";
    std::vector<std::string> values;
    for (int n = set ? take() % 3 : -1; n >= 0; --n)
      values.emplace_back(kValues[take() % std::size(kValues)]);
    expressions.push_back({{"key", key}, {"operator", op}, {"values", values}});
    std::string list;
    for (const std::string& value : values) list += "," + value;
    if (!list.empty()) list.erase(0, 1);
    if (!text.empty()) text += ',';
    if (op == "In") text += key + " in (" + list + ")";
    if (op == "NotIn") text += key + " notin (" + list + ")";
    if (op == "Exists") text += key;
    if (op == "DoesNotExist") text += "!" + key;
    for (size_t s = 0; s < Samples().size(); ++s) {
      const auto label = Samples()[s].find(key);
      const bool has = label != Samples()[s].end();
      const bool listed =
          has && std::find(values.begin(), values.end(), label->second) != values.end();
      const bool holds = op == "In"       ? listed
                         : op == "NotIn"  ? !listed
                         : op == "Exists" ? has
                                          : !has;
      if (!holds) expected[s] = false;
    }
  }
  const auto parsed = LabelSelector::Parse(text);
  const auto json = LabelSelector::FromJson({{"matchExpressions", expressions}});
  Require(parsed.ok(), "a selector that was written parses", text);
  Require(json.ok(), "a selector that was written as JSON is read", gantry::DumpJson(expressions));
  for (size_t s = 0; s < Samples().size(); ++s) {
    Require(parsed->Matches(Samples()[s]) == expected[s], "the text selects what it says", text);
    Require(json->Matches(Samples()[s]) == expected[s], "the JSON selects what it says", text);
  }
  const auto printed = LabelSelector::Parse(json->ToString());
  Require(printed.ok() && printed->ToString() == json->ToString(), "the JSON prints as a text",
          json->ToString());
}

}  // namespace

// The input as requirements, and the same text as a label selector, as a field selector and as the
// JSON of a selector.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = gantry::fuzz::AsText(data, size);
  CheckLabels(text);
  CheckFields(text);
  CheckDocument(text);
  CheckForms(text);
  return 0;
}
