#include "controllers/service/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace gantry::service {
namespace {

// One place that should have an instance: a slot, or a node in mode Global.
struct Place {
  int slot = 0;
  std::string node;  // Global only
  bool may_create = true;
  std::vector<const Instance*> current;  // of the wanted revision
  std::vector<const Instance*> outdated;
  std::vector<const Instance*> leaving;  // being deleted

  bool settled() const {
    return std::any_of(current.begin(), current.end(),
                       [](const Instance* i) { return i->satisfied(); });
  }
  // Neither as it was nor as it should be.
  bool in_flight() const { return !settled() && (outdated.empty() || !current.empty()); }
};

// Ready before not ready, then by name: the instance to keep of several equal ones comes first.
bool Better(const Instance* a, const Instance* b) {
  if (a->satisfied() != b->satisfied()) return a->satisfied();
  return a->name < b->name;
}

class Planner {
 public:
  explicit Planner(const PlanInput& in) : in_(in), start_first_(MayStartFirst(in.spec)) {}

  Plan Make() {
    CollectPlaces();
    AssignInstances();
    CountReady();
    DropExcess();
    DropDuplicates();
    if (in_.spec.stopped) {
      Halt();
      KeepVacancies();
      Count();
      return std::move(plan_);
    }
    blocked_ = Blocked();
    Wake();
    RenewEnded();
    if (in_.spec.strategy_type == "Recreate") {
      Recreate();
    } else {
      Roll();
    }
    FillVacancies();
    KeepVacancies();
    Count();
    return std::move(plan_);
  }

 private:
  bool global() const { return in_.spec.mode == "Global"; }

  void CollectPlaces() {
    if (!global()) {
      for (int slot = 1; slot <= in_.spec.replicas; ++slot)
        places_.push_back({slot, "", true, {}, {}, {}});
      return;
    }
    std::set<int> used;
    std::map<std::string, int> slot_of;
    for (const Instance& i : in_.instances) {
      if (i.node.empty() || slot_of.count(i.node) || used.count(i.slot)) continue;
      slot_of[i.node] = i.slot;
      used.insert(i.slot);
    }
    int next = 1;
    for (const NodeView& node : in_.nodes) {
      const bool here = slot_of.count(node.name) > 0;
      if (!node.schedulable && !here) continue;
      int slot = here ? slot_of[node.name] : 0;
      if (!here) {
        while (used.count(next)) ++next;
        slot = next;
        used.insert(slot);
      }
      places_.push_back({slot, node.name, node.schedulable, {}, {}, {}});
    }
  }

  Place* PlaceOf(const Instance& i) {
    for (Place& p : places_) {
      if (global() ? p.node == i.node : p.slot == i.slot) return &p;
    }
    return nullptr;
  }

  // An instance whose host cannot be asked any more does not hold its place.
  bool Lost(const Instance& i) const {
    if (i.node_gone) return true;
    return i.deleting && i.node_silent && start_first_possible();
  }
  bool start_first_possible() const {
    v1::ServiceSpec spec = in_.spec;
    spec.order = "StartFirst";
    return MayStartFirst(spec);
  }

  void AssignInstances() {
    std::map<int, Place*> by_slot;
    if (!global()) {
      for (Place& p : places_) by_slot[p.slot] = &p;
    }
    for (const Instance& i : in_.instances) {
      Place* place = nullptr;
      if (global()) {
        place = PlaceOf(i);
      } else if (const auto it = by_slot.find(i.slot); it != by_slot.end()) {
        place = it->second;
      }
      if (i.node_gone && !i.deleting) {
        Remove(i, "its node is gone");
        if (place) lost_[place->slot].push_back(&i);
        continue;
      }
      if (!place) {
        if (!i.deleting) excess_.push_back(&i);
        continue;
      }
      if (Lost(i)) {
        lost_[place->slot].push_back(&i);
      } else if (i.deleting) {
        place->leaving.push_back(&i);
      } else if (i.revision == in_.revision) {
        place->current.push_back(&i);
      } else {
        place->outdated.push_back(&i);
      }
    }
    for (Place& p : places_) {
      std::sort(p.current.begin(), p.current.end(), Better);
      std::sort(p.outdated.begin(), p.outdated.end(), Better);
    }
  }

  void CountReady() {
    for (const Instance& i : in_.instances) {
      if (!i.deleting && !i.node_gone && i.ready) ++ready_;
    }
  }

  void Remove(const Instance& i, std::string why) {
    if (!removed_.insert(i.uid).second) return;
    if (i.ready && !i.node_gone) --ready_;
    plan_.deletes.push_back({i.name, i.uid, std::move(why)});
  }

  void DropExcess() {
    std::sort(excess_.begin(), excess_.end(), [](const Instance* a, const Instance* b) {
      return a->slot != b->slot ? a->slot > b->slot : a->name < b->name;
    });
    const char* why = global() ? "its node left" : "scaled down";
    for (const Instance* i : excess_) Remove(*i, why);
  }

  // Several instances of one kind in one place: the best one stays.
  void DropDuplicates() {
    for (Place& p : places_) {
      for (size_t n = 1; n < p.current.size(); ++n) Remove(*p.current[n], "a duplicate");
      if (p.current.size() > 1) p.current.resize(1);
      for (size_t n = 1; n < p.outdated.size(); ++n) Remove(*p.outdated[n], "a duplicate");
      if (p.outdated.size() > 1) p.outdated.resize(1);
    }
  }

  // What a dependency holds back: the first container, and the first one to run again.
  bool Blocked() const {
    if (in_.started || in_.unmet.empty()) return false;
    return std::all_of(in_.instances.begin(), in_.instances.end(),
                       [](const Instance& i) { return i.stopped; });
  }

  void Halt() {
    for (const Place& p : places_) {
      for (const std::vector<const Instance*>* list : {&p.current, &p.outdated}) {
        for (const Instance* i : *list) {
          if (!i->stopped) plan_.switches.push_back({i->name, true});
        }
      }
    }
  }

  // What was stopped runs again; what was changed meanwhile is made anew, as nobody would miss it.
  void Wake() {
    for (Place& p : places_) {
      for (const Instance* i : p.current) {
        if (!i->stopped) continue;
        if (blocked_) {
          plan_.held_back = true;
        } else {
          plan_.switches.push_back({i->name, false});
        }
      }
      for (const Instance* i : p.outdated) {
        if (!i->stopped || blocked_) continue;
        if (in_.spec.paused) {
          plan_.switches.push_back({i->name, false});
          continue;
        }
        Remove(*i, "updated");
        leaving_now_.insert(p.slot);
      }
    }
  }

  void RenewEnded() {
    if (!in_.renew_ended) return;
    for (Place& p : places_) {
      if (p.current.empty() || !p.current[0]->ended) continue;
      Remove(*p.current[0], "ended, and is to run again");
      p.leaving.push_back(p.current[0]);
      p.current.clear();
    }
  }

  void Recreate() {
    if (in_.spec.paused) return;
    for (Place& p : places_) {
      for (const Instance* i : p.outdated) Remove(*i, "updated");
    }
    recreate_waits_ =
        std::any_of(in_.instances.begin(), in_.instances.end(),
                    [&](const Instance& i) { return i.revision != in_.revision && !Lost(i); });
  }

  void Roll() {
    int budget = in_.spec.max_in_flight;
    std::vector<Place*> candidates;
    for (Place& p : places_) {
      if (p.settled()) {
        for (const Instance* i : p.outdated) Remove(*i, "updated");
        p.outdated.clear();
        continue;
      }
      if (!p.may_create) continue;  // its node takes nothing: it waits without holding others up
      if (p.in_flight() || leaving_now_.count(p.slot)) {
        --budget;
      } else if (in_.spec.paused) {
        paused_places_ = true;
      } else {
        candidates.push_back(&p);
      }
    }
    // Replacing what does not serve costs nothing, so it comes first.
    std::stable_sort(candidates.begin(), candidates.end(), [](const Place* a, const Place* b) {
      return a->outdated[0]->satisfied() < b->outdated[0]->satisfied();
    });
    const bool keep_one = places_.size() >= 2;
    for (Place* p : candidates) {
      if (budget <= 0) break;
      const Instance& old = *p->outdated[0];
      if (start_first_) {
        AddCreate(*p);
        --budget;
        continue;
      }
      if (keep_one && old.ready && ready_ <= 1) continue;
      Remove(old, "updated");
      leaving_now_.insert(p->slot);
      --budget;
    }
    if (paused_places_) plan_.note = "paused";
    if (in_.spec.order == "StartFirst" && !start_first_ && !candidates.empty())
      plan_.note = "the old container stops first: it shares a writable mount or a fixed host port";
  }

  void FillVacancies() {
    for (Place& p : places_) {
      if (!p.current.empty() || !p.outdated.empty() || leaving_now_.count(p.slot)) continue;
      if (!p.leaving.empty() && !start_first_) continue;
      if (!p.may_create || recreate_waits_) continue;
      if (blocked_) {
        plan_.held_back = true;
        continue;
      }
      AddCreate(p);
    }
    plan_.started = !places_.empty() && !blocked_ &&
                    (in_.started || !in_.instances.empty() || !plan_.creates.empty());
  }

  const Vacancy* RememberedVacancy(int slot) const {
    for (const Vacancy& v : in_.vacancies) {
      if (v.slot == slot) return &v;
    }
    return nullptr;
  }

  void AddCreate(const Place& p) {
    Create create;
    create.slot = p.slot;
    create.node = p.node;
    // The name depends on what the place had, so that doing this twice makes the same name.
    std::set<std::string> before;
    const auto point_to = [&](const std::string& node, const std::string& rescheduled) {
      (rescheduled == in_.rescheduled ? create.preferred_node : create.avoided_node) = node;
    };
    auto note_predecessor = [&](const Instance* i, bool prefer) {
      before.insert(i->uid);
      if (prefer && create.preferred_node.empty() && create.avoided_node.empty())
        point_to(i->node, i->rescheduled);
    };
    for (const Instance* i : p.outdated) note_predecessor(i, true);
    for (const Instance* i : p.leaving) note_predecessor(i, true);
    if (const auto it = lost_.find(p.slot); it != lost_.end()) {
      for (const Instance* i : it->second) note_predecessor(i, false);
    }
    if (const Vacancy* v = RememberedVacancy(p.slot); v && before.empty()) {
      before.insert(v->uid);
      point_to(v->node, v->rescheduled);
    }
    if (global()) {
      create.preferred_node.clear();
      create.avoided_node.clear();
    }
    std::string seed = in_.uid + "/" + in_.revision + "/" + std::to_string(p.slot) + "/" + p.node;
    for (const std::string& uid : before) seed += "/" + uid;
    do {
      create.name = fmt::format("{}-{}-{}", in_.service, p.slot, StableSuffix(seed, 5));
      seed += "+";
    } while (NameTaken(create.name));
    plan_.creates.push_back(std::move(create));
  }

  bool NameTaken(const std::string& name) const {
    return std::any_of(in_.instances.begin(), in_.instances.end(),
                       [&](const Instance& i) { return i.name == name; });
  }

  // Remembers where the instances were that are gone or go, until a successor exists.
  void KeepVacancies() {
    std::set<int> filled;
    for (const Create& c : plan_.creates) filled.insert(c.slot);
    for (const Place& p : places_) {
      if (!p.current.empty() || filled.count(p.slot)) continue;
      const Instance* last = !p.leaving.empty() ? p.leaving[0] : nullptr;
      if (!last && !p.outdated.empty() && removed_.count(p.outdated[0]->uid)) last = p.outdated[0];
      if (last) {
        plan_.vacancies.push_back({p.slot, last->node, last->uid, last->rescheduled});
      } else if (p.outdated.empty()) {
        if (const Vacancy* v = RememberedVacancy(p.slot)) plan_.vacancies.push_back(*v);
      }
    }
  }

  void Count() {
    Counts& c = plan_.counts;
    if (!in_.spec.stopped) {
      c.wanted = static_cast<int>(places_.size());
      for (const Place& p : places_) c.settled += p.settled() ? 1 : 0;
    }
    for (const Instance& i : in_.instances) {
      if (i.deleting || removed_.count(i.uid)) continue;
      if (in_.spec.stopped && i.halted) continue;
      ++c.replicas;
      c.ready += i.ready ? 1 : 0;
      c.completed += !i.ready && i.completed ? 1 : 0;
      (i.revision == in_.revision ? c.updated : c.outdated) += 1;
    }
  }

  const PlanInput& in_;
  const bool start_first_;
  std::vector<Place> places_;
  std::vector<const Instance*> excess_;
  std::map<int, std::vector<const Instance*>> lost_;  // by slot
  std::set<std::string> removed_;                     // uids
  std::set<int> leaving_now_;                         // slots
  bool blocked_ = false;
  bool paused_places_ = false;
  int ready_ = 0;  // what stays ready after the plan so far
  bool recreate_waits_ = false;
  Plan plan_;
};

}  // namespace

bool MayStartFirst(const v1::ServiceSpec& spec) {
  if (spec.strategy_type != "Rolling" || spec.order != "StartFirst" || spec.mode == "Global")
    return false;
  for (const auto& m : spec.tmpl.mounts) {
    if (m.type != "tmpfs" && !m.read_only && !m.source.empty()) return false;
  }
  for (const auto& p : spec.tmpl.ports) {
    if (p.host_port.value_or(0) > 0) return false;
  }
  return true;
}

Plan MakePlan(const PlanInput& input) { return Planner(input).Make(); }

std::string Describe(const Plan& plan) {
  std::string out;
  for (const Delete& d : plan.deletes) out += fmt::format("delete {} ({})\n", d.name, d.why);
  for (const Create& c : plan.creates) {
    out += fmt::format("create slot {}", c.slot);
    if (!c.node.empty()) out += " on " + c.node;
    if (!c.preferred_node.empty()) out += " preferring " + c.preferred_node;
    if (!c.avoided_node.empty()) out += " avoiding " + c.avoided_node;
    out += "\n";
  }
  for (const Switch& s : plan.switches)
    out += fmt::format("{} {}\n", s.stop ? "stop" : "start", s.name);
  for (const Vacancy& v : plan.vacancies)
    out += fmt::format("remember slot {} was on {}\n", v.slot, v.node.empty() ? "no node" : v.node);
  if (plan.held_back) out += "held back\n";
  if (!plan.note.empty()) out += "note " + plan.note + "\n";
  return out;
}

std::string StableSuffix(std::string_view seed, size_t length) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : seed) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ull;
  }
  // Spreads the low bits, in which short seeds differ least.
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdull;
  hash ^= hash >> 33;
  std::string out;
  for (size_t i = 0; i < length; ++i) {
    out.push_back(kAlphabet[hash % kAlphabet.size()]);
    hash /= kAlphabet.size();
  }
  return out;
}

}  // namespace gantry::service
