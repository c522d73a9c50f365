// What of a Service makes another revision.
#include "controllers/service/objects.h"

#include <gtest/gtest.h>

#include "apis/gantry.dev/v1/resources.h"

namespace gantry::service {
namespace {

Object Placed(const Json& placement) {
  Object service(v1::kServices.gvk(), {"default", "web"});
  service.mutable_spec() = {{"template", {{"image", "web:1"}}}};
  if (!placement.is_null()) service.mutable_spec()["placement"] = placement;
  return service;
}

Json OnlyIn(const char* zone) {
  v1::Placement placement;
  placement.constraints.push_back({"node.labels.zone", true, zone, true});
  return placement.ToJson();
}

TEST(RevisionName, FollowsThePlacement) {
  const std::string anywhere = RevisionName(Placed(nullptr));
  EXPECT_EQ(RevisionName(Placed(Json::object())), anywhere);
  EXPECT_EQ(RevisionName(Placed({{"constraints", Json::array()}})), anywhere);
  const std::string a = RevisionName(Placed(OnlyIn("a")));
  EXPECT_NE(a, anywhere);
  EXPECT_EQ(RevisionName(Placed(OnlyIn("a"))), a);
  EXPECT_NE(RevisionName(Placed(OnlyIn("b"))), a);
}

}  // namespace
}  // namespace gantry::service
