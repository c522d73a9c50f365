#include "apiserver/endpoints/negotiate.h"

#include <gtest/gtest.h>

namespace gantry::apiserver {
namespace {

TEST(Negotiate, ByQuality) {
  struct Case {
    const char* accept;
    FormKind kind;
  };
  const Case kCases[] = {
      {"", FormKind::kJson},
      {"*/*", FormKind::kJson},
      {"application/yaml", FormKind::kYaml},
      {"application/yaml;q=0.5, application/json;q=0.9", FormKind::kJson},
      {"application/yaml;q=0.9, application/json;q=0.5", FormKind::kYaml},
      {"application/json;q=0, application/yaml", FormKind::kYaml},
      {"application/json;q=nan, application/yaml;q=0.1", FormKind::kYaml},
      {"application/json;q=-1, application/yaml;q=0.1", FormKind::kYaml},
      {"application/json;as=Table;v=v1;g=meta.k8s.io, application/json", FormKind::kTable},
      {"application/vnd.kubernetes.protobuf", FormKind::kJson},
  };
  for (const Case& c : kCases) {
    const auto form = NegotiateForm(c.accept);
    ASSERT_TRUE(form.ok()) << c.accept;
    EXPECT_EQ(form->kind, c.kind) << c.accept;
  }
  for (const char* accept : {"text/html", "application/json;q=0", "application/json;q=nan"})
    EXPECT_EQ(NegotiateForm(accept).code(), Code::kNotAcceptable) << accept;
}

}  // namespace
}  // namespace gantry::apiserver
