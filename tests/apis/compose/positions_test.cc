#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apis/compose/compose.h"

// Where faults and warnings say that they are.
namespace gantry::compose {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Said(const std::string& text) {
  Input input;
  input.application = "shop";
  input.text = text;
  const Output output = Convert(input);
  std::vector<std::string> out;
  for (const FieldError& e : output.errors) {
    const std::string said = e.ToString();
    const size_t at = said.rfind(" (");
    out.push_back(e.place + (at == std::string::npos ? "" : said.substr(at)));
  }
  for (const std::string& w : output.warnings) out.push_back("warning: " + w);
  return out;
}

TEST(Positions, TheTextOfTheContract) {
  Input input;
  input.application = "shop";
  input.text =
      "services:\n"
      "  web:\n"
      "    image: nginx\n"
      "    labels:\n"
      "      gantry.scale: \"three\"\n";
  const Output output = Convert(input);
  ASSERT_EQ(output.errors.size(), 1u);
  EXPECT_EQ(output.errors[0].ToString(),
            "spec.compose: services.web.labels[gantry.scale]: Invalid value: \"three\": must be a "
            "whole number of at least 0 (line 5, column 21)");
}

TEST(Positions, OfEachKindOfText) {
  struct Case {
    const char* what;
    const char* text;
    std::vector<std::string> said;
  };
  const Case cases[] = {
      {"a list of labels",
       "services:\n"
       "  web:\n"
       "    image: nginx\n"
       "    labels:\n"
       "    - a=b\n"
       "    - gantry.scale=x\n",
       {"services.web.labels[gantry.scale] (line 6, column 7)"}},
      {"what is missing is near what is there",
       "services:\n"
       "  web:\n"
       "    ports: [80]\n",
       {"services.web.image (line 3, column 5)"}},
      {"flow style",
       "services: {web: {image: nginx, build: .}}",
       {"services.web.build (line 1, column 39)"}},
      {"JSON",
       "{\"services\": {\"web\": {\"image\": \"nginx\",\n  \"build\": \".\"}}}",
       {"services.web.build (line 2, column 12)"}},
      {"version 1",
       "web:\n"
       "  image: nginx\n"
       "  privileged: perhaps\n",
       {"web.privileged (line 3, column 15)"}},
      {"an alias points at its anchor",
       "x-ports: &ports\n"
       "  - 80\n"
       "  - http\n"
       "services:\n"
       "  web:\n"
       "    image: nginx\n"
       "    ports: *ports\n",
       {"services.web.ports[1] (line 3, column 5)"}},
      {"a merge key points at what was merged",
       "x-base: &base\n"
       "  scale: many\n"
       "services:\n"
       "  web:\n"
       "    <<: *base\n"
       "    image: nginx\n",
       {"services.web.scale (line 2, column 10)"}},
      {"extends points at the base",
       "services:\n"
       "  a:\n"
       "    image: nginx\n"
       "    scale: many\n"
       "  b:\n"
       "    extends: a\n",
       {"services.a.scale (line 4, column 12)", "services.b.scale (line 4, column 12)"}},
      {"joined lists point at where each item was written",
       "services:\n"
       "  a:\n"
       "    image: nginx\n"
       "    ports: [80, x]\n"
       "  b:\n"
       "    extends: {service: a}\n"
       "    ports: [y]\n",
       {"services.a.ports[1] (line 4, column 17)", "services.b.ports[1] (line 4, column 17)",
        "services.b.ports[2] (line 7, column 13)"}},
      {"lists and maps of pairs, over two steps",
       "services:\n"
       "  a:\n"
       "    image: nginx\n"
       "    labels: [x=1, gantry.scale=a]\n"
       "  b:\n"
       "    extends: a\n"
       "    labels: {gantry.depends: nobody}\n"
       "  c:\n"
       "    extends: b\n"
       "    labels: [gantry.scale=c]\n",
       {"services.a.labels[gantry.scale] (line 4, column 19)",
        "services.b.labels[gantry.scale] (line 4, column 19)",
        "services.b.labels[gantry.depends] (line 7, column 30)",
        "services.c.labels[gantry.scale] (line 10, column 14)",
        "services.c.labels[gantry.depends] (line 7, column 30)"}},
      {"a key written twice",
       "services:\n"
       "  web: {image: a}\n"
       "  web: {image: b}\n",
       {"services.web (line 3, column 3)"}},
      {"a second document",
       "services: {web: {image: a}}\n---\nservices: {}\n",
       {" (line 3, column 1)"}},
      {"parameters point at their first use",
       "services:\n"
       "  web:\n"
       "    image: nginx:$TAG\n"
       "    command: [\"$TAG\", \"${USER}\", \"${MODE:?say which}\"]\n",
       {" (line 4, column 34)", " (line 4, column 15; line 4, column 23)"}},
      {"warnings",
       "services:\n"
       "  web:\n"
       "    image: nginx\n"
       "    develop: {watch: []}\n",
       {"warning: services.web.develop: is ignored: it is for work on the client "
        "(line 4, column 14)"}},
  };
  for (const Case& c : cases)
    EXPECT_THAT(Said(c.text), ::testing::ElementsAreArray(c.said)) << c.what;
}

TEST(Positions, AHugeDocumentIsNotSearchedForEver) {
  std::string text = "services:\n  web:\n    image: nginx\n";
  for (int i = 0; i < 5000; ++i) text += "    zzz_unknown_" + std::to_string(i) + ": 1\n";
  Input input;
  input.application = "shop";
  input.text = text;
  EXPECT_EQ(Convert(input).errors.size(), 5000u);
}

}  // namespace
}  // namespace gantry::compose
