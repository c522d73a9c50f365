#include "store/conformance/conformance.h"

#include <gtest/gtest.h>

#include <utility>

namespace gantry::store {
namespace {

class CaseRunner : public testing::Test {
 public:
  CaseRunner(std::shared_ptr<const ConformanceBackend> backend, ConformanceCase c)
      : backend_(std::move(backend)), case_(std::move(c)) {}

  void TestBody() override {
    ConformanceTest test(backend_.get());
    auto opened = backend_->open_new();
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    test.store = *std::move(opened);
    case_.run(test);
  }

 private:
  const std::shared_ptr<const ConformanceBackend> backend_;
  const ConformanceCase case_;
};

}  // namespace

bool RegisterConformance(const ConformanceBackend& backend) {
  auto shared = std::make_shared<const ConformanceBackend>(backend);
  const std::string suite = "StoreConformance/" + backend.name;
  for (const auto& cases :
       {WriteCases(), ReadCases(), WatchCases(), CompactCases(), DurabilityCases()}) {
    for (const ConformanceCase& c : cases) {
      if (c.needs == ConformanceCase::Needs::kReopen && !backend.reopen) continue;
      if (c.needs == ConformanceCase::Needs::kBackup && !backend.open_backup) continue;
      testing::RegisterTest(suite.c_str(), c.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [shared, c]() -> testing::Test* { return new CaseRunner(shared, c); });
    }
  }
  return true;
}

}  // namespace gantry::store
