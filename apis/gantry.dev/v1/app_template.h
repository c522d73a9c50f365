#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/client/client.h"
#include "apis/machinery/meta/object.h"

// Templates: stored applications, to make Applications from.
namespace gantry::v1 {

inline const client::Resource kTemplates{"gantry.dev", "v1", "templates", "Template", true};

// On a Template of gantry-system: it comes with Gantry, and nobody else writes it.
inline constexpr char kLabelSample[] = "gantry.dev/sample";
// On an Application: `NAMESPACE/NAME` of the Template that it was made from.
inline constexpr char kAnnotationTemplate[] = "gantry.dev/template";

struct TemplateParameter {
  std::string name;
  std::string type = "String";  // String | Integer | Number | Boolean | Password
  std::string description;
  std::optional<std::string> default_value;
  std::vector<std::string> options;  // empty: all of the type

  bool secret() const { return type == "Password"; }
  // What is wrong with a value: `must be a whole number`; empty when nothing is.
  std::string Fault(std::string_view value) const;
};

struct TemplateVersion {
  std::string version;
  std::string notes;
  std::string compose;
  std::vector<TemplateParameter> parameters;
};

struct TemplateSpec {
  std::string description;
  std::vector<std::string> keywords;
  std::vector<TemplateVersion> versions;  // the newest last

  static TemplateSpec From(const Object& object);
  // The newest for the empty name; null when there is none of it.
  const TemplateVersion* Find(std::string_view version) const;
};

// Comes with Gantry.
bool IsSample(const Object& object);

}  // namespace gantry::v1
