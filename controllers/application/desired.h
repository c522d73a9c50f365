#pragma once

#include <map>
#include <string>
#include <vector>

#include "apis/compose/compose.h"

// What an Application's template asks for, as API objects. Pure: no I/O, no clock.
namespace gantry::application {

// The values of parametersFrom, the later source winning over the earlier, and parameters over all.
struct Parameters {
  std::map<std::string, std::string> plain;
  std::map<std::string, std::string> secret;  // from Secrets; disjoint from `plain`

  void AddConfigMap(const Object& config_map);
  // Keys whose value is not base64 are left out; they count as absent.
  void AddSecret(const Object& secret);
  void AddPlain(const std::map<std::string, std::string>& values);
};

// Each makes the object that should stand in the API, starting from `existing` (null: there is
// none), of which it keeps what belongs to others. The result equals `*existing` when nothing is to
// do.
Object DesiredService(const Object& application, const compose::Service& service,
                      const Object* existing);
Object DesiredVolume(const Object& application, const compose::Volume& volume,
                     const Object* existing);
Object DesiredSecret(const Object& application, const std::map<std::string, std::string>& values,
                     const Object* existing);

// The record of the template's present state: `<application>-<hash of it>`, numbered later.
Object DesiredRevision(const Object& application);

}  // namespace gantry::application
