// Two ends, and calls of every kind in any order, while what they send is cut, changed, repeated,
// swapped and lost on its way.
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <limits>

#include "endpoint.h"

namespace napi_tls::tls::test::fuzz {

namespace {

using Role = Engine::Role;

constexpr int kMaxActions = 120;
constexpr size_t kMaxWrite = 40000;  // in all, by one end
constexpr int kMaxPlaintext = 8192;  // in one call
constexpr size_t kMaxBacklog = 1 << 20;

enum class Action : uint8_t {
  kDeliver,
  kDeliverBoth,
  kDeliverPart,
  kChange,
  kDrop,
  kRepeat,
  kSwap,
  kInsert,
  kWrite,
  kClose,
  kHoldAnswers,
  kAnswer,
  kPause,
  kGoOn,
  kRenegotiate,
  kUpdateKey,
  kFragment,
  kCertificate,
  kLook,
  kStart,
  kSession,
  kSelectContext,
  kDestroy,
  kRun,
  kCount,
};

// One end, what it has written, and what is on its way from it.
struct Side {
  Side(Role role, uint16_t settings) : end(role, settings) {}

  Endpoint end;
  Input written;
  Input wire;
  bool alive = true;
};

// All writing is done by actions, which remember what was written.
uint16_t SettingsOf(uint16_t number) { return number & ~kWrite; }

class Sequence {
 public:
  explicit Sequence(Reader* reader)
      : reader_(*reader),
        client_(Role::kClient, SettingsOf(reader_.Word())),
        server_(Role::kServer, SettingsOf(reader_.Word())) {}

  void Run() {
    for (int i = 0; i < kMaxActions && reader_.size() > 0; ++i) {
      const uint8_t choice = reader_.Byte();
      const bool of_client = (choice & 0x80) != 0;
      Side* self = of_client ? &client_ : &server_;
      Side* other = of_client ? &server_ : &client_;
      Act(static_cast<Action>((choice & 0x7f) % static_cast<int>(Action::kCount)), self, other);
      Check(&client_, server_);
      Check(&server_, client_);
    }
  }

 private:
  void Act(Action action, Side* self, Side* other) {
    switch (action) {
      case Action::kDeliver:
        return Deliver(self, other, self->wire.size());
      case Action::kDeliverPart:
        return Deliver(self, other, reader_.Word());
      case Action::kDeliverBoth:
        Deliver(self, other, self->wire.size());
        return Deliver(other, self, other->wire.size());
      case Action::kRun:
        for (int i = 0; i < 6; ++i) Act(Action::kDeliverBoth, self, other);
        return;
      default:
        break;
    }
    if (Damage(action, &self->wire) || !self->alive) return;
    Engine& engine = self->end.engine();
    Peer& peer = self->end.peer();
    self->end.Enter();
    switch (action) {
      case Action::kWrite:
        Write(self);
        break;
      case Action::kClose:
        engine.Close();
        break;
      case Action::kHoldAnswers:
        peer.answers = false;
        break;
      case Action::kAnswer:
        peer.answers = true;
        if (engine.awaiting_answer()) peer.Answer();
        break;
      case Action::kPause:
        peer.room = reader_.Byte() % 16;
        break;
      case Action::kGoOn:
        peer.room = std::numeric_limits<size_t>::max();
        break;
      case Action::kRenegotiate:
        static_cast<void>(engine.Renegotiate());
        break;
      case Action::kUpdateKey:
        if (peer.open()) {
          SSL_key_update(engine.ssl(), reader_.Byte() % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED
                                                               : SSL_KEY_UPDATE_NOT_REQUESTED);
          ERR_clear_error();
        }
        break;
      case Action::kFragment:
        engine.SetMaxSendFragment(reader_.Word());
        break;
      case Action::kCertificate:
        static_cast<void>(engine.UseCertificateOf(SharedContext(self->end.role(), kClientAuth)));
        break;
      case Action::kLook:
        self->end.Look();
        break;
      case Action::kStart:
        engine.Start();
        break;
      case Action::kSession:
        engine.ProvideSession(reader_.Take(reader_.Byte()));
        break;
      case Action::kSelectContext:
        if (engine.awaiting_answer()) {
          static_cast<void>(engine.SelectContext(SharedContext(self->end.role(), 0)));
        }
        break;
      case Action::kDestroy:
        peer.DestroyEngine();
        self->alive = false;
        return;
      default:
        break;
    }
    self->end.Settle();
    Collect(self);
  }

  // True: this was something that happens on the way.
  bool Damage(Action action, Input* wire) {
    const size_t size = wire->size();
    const size_t at = size == 0 ? 0 : reader_.Word() % size;
    const auto begin = wire->begin();
    switch (action) {
      case Action::kChange:
        if (size > 0) (*wire)[at] ^= static_cast<uint8_t>(1 + reader_.Byte() % 255);
        return true;
      case Action::kDrop:
        wire->erase(begin + at, begin + std::min(size, at + reader_.Byte()));
        return true;
      case Action::kRepeat:
        if (size < kMaxBacklog) {
          const Input repeated(begin + at, wire->end());
          wire->insert(wire->end(), repeated.begin(), repeated.end());
        }
        return true;
      case Action::kSwap:
        std::rotate(begin, begin + at, wire->end());
        return true;
      case Action::kInsert: {
        const Bytes bytes = reader_.Take(reader_.Byte());
        wire->insert(begin + at, bytes.data, bytes.data + bytes.size);
        return true;
      }
      default:
        return false;
    }
  }

  void Deliver(Side* from, Side* to, size_t size) {
    if (from->alive) Collect(from);
    const size_t delivered = std::min(size, from->wire.size());
    if (to->alive) to->end.Receive(Input(from->wire.begin(), from->wire.begin() + delivered));
    from->wire.erase(from->wire.begin(), from->wire.begin() + delivered);
    if (to->alive) Collect(to);
  }

  void Collect(Side* side) {
    const Input sent = side->end.TakeOutput();
    side->wire.insert(side->wire.end(), sent.begin(), sent.end());
  }

  void Write(Side* self) {
    const size_t size = reader_.Word() % kMaxPlaintext;
    if (self->written.size() + size > kMaxWrite) return;
    // Each byte depends on where it stands, so that none can pass for another.
    Input plaintext(size);
    for (size_t i = 0; i < size; ++i) {
      plaintext[i] = static_cast<uint8_t>((self->written.size() + i) % 251);
    }
    self->written.insert(self->written.end(), plaintext.begin(), plaintext.end());
    self->end.Write(plaintext);
  }

  void Check(Side* side, const Side& other) {
    if (!side->alive) return;
    side->end.ExpectSane();
    // Nothing but what the other end has written comes out, from its beginning and in its order.
    const Input& received = side->end.peer().plaintext;
    ASSERT_LE(received.size(), other.written.size());
    EXPECT_TRUE(std::equal(received.begin(), received.end(), other.written.begin()));
  }

  Reader& reader_;
  Side client_;
  Side server_;
};

Input Encode(uint16_t settings, const std::vector<std::array<int, 2>>& actions) {
  // Numbers are read from the end.
  Input input;
  for (auto action = actions.rbegin(); action != actions.rend(); ++action) {
    const auto [of_client, number] = *action;
    input.push_back(static_cast<uint8_t>(of_client << 7 | number));
  }
  return WithWord(WithWord(input, settings), settings);
}

std::vector<Input> Seeds() {
  std::vector<Input> seeds;
  const auto number = [](Action action) { return static_cast<int>(action); };
  for (const uint16_t settings : RecordedSettings()) {
    const auto plain = static_cast<uint16_t>(settings & ~(kRenegotiate | kClose));
    std::vector<std::array<int, 2>> opened = {
        {0, number(Action::kStart)}, {1, number(Action::kStart)}, {1, number(Action::kRun)}};
    for (int action = 0; action < number(Action::kCount); ++action) {
      std::vector<std::array<int, 2>> actions = opened;
      for (const int of_client : {0, 1}) {
        actions.push_back({of_client, action});
        actions.push_back({of_client, number(Action::kDeliver)});
      }
      seeds.push_back(Encode(plain, actions));
    }
  }
  return seeds;
}

FUZZ_TARGET(sequence, Seeds) {
  Reader reader(input);
  Sequence(&reader).Run();
}

}  // namespace

}  // namespace napi_tls::tls::test::fuzz
