using CsCheck;
using FederationNode.Contracts.Logs;
using FederationNode.Grains.Lists;
using FederationNode.Grains.Tests.Building;
using FederationNode.Protocol;
using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Merge;
using Xunit;

namespace FederationNode.Grains.Tests.Lists;

/// <summary>Whoever walks over the list and then follows what changed has the list, whatever happened meanwhile.</summary>
public sealed class FollowingTheListTests
{
    private const long Now = TestCoalition.Issued;
    private const int Size = 60;

    private static readonly string s_b = TestCoalition.Indicators("b");
    private static readonly WriterLog s_log = Sample.LogOfAllKinds(s_b, Size);

    // What happens to the list, and when the follower looks: 0 applies, 1 overlies, 2 truncates, 3 defers, 4 follows.
    private static readonly Gen<(int What, int At, int Count)[]> s_steps =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, Size - 1], Gen.Int[1, 9]).Array[1, 25];

    [Fact]
    public void Follower_AnythingHappens_EndsWithTheList() => Gen.Select(s_steps, s_steps).Sample(
        (before, after) =>
        {
            var list = new MergedList();
            Array.ForEach(before, s => Do(list, s));
            var during = new Queue<(int, int, int)>(after[..(after.Length / 2)]);
            var follower = new Follower(list, meanwhile: () =>
            {
                if (during.TryDequeue(out var step))
                {
                    Do(list, step);
                }
            });
            foreach (var step in after[(after.Length / 2)..])
            {
                Do(list, step);
                if (step.What == 4)
                {
                    follower.Follow(step.Count);
                }
            }

            follower.Follow(1000);
            Assert.Equal(Text(list.Page(null, 100)), Text(follower.States));
        },
        iter: 2000);

    [Fact]
    public void Follower_BeginsWithNothing_EndsWithTheList() => s_steps.Sample(
        steps =>
        {
            var list = new MergedList();
            Array.ForEach(steps, s => Do(list, s));
            var follower = new Follower(list, walk: false);
            follower.Follow(7);

            Assert.Equal(Text(list.Page(null, 100)), Text(follower.States));
        },
        iter: 500);

    [Fact]
    public void Walk_QuietList_EveryIndicatorOnce() => s_steps.Sample(
        steps =>
        {
            var list = new MergedList();
            Array.ForEach(steps, s => Do(list, s));
            var states = new List<IndicatorState>();
            for (int? place = 0; place is { } from;)
            {
                place = list.Walk(from, 5, states);
            }

            Assert.Equal(Text(list.Page(null, 100)), Text(states.OrderBy(s => s.Id)));
        },
        iter: 500);

    [Fact]
    public void Walk_ManyParts_EveryIndicatorOnce()
    {
        const int Listings = 1000;
        var log = new WriterLog(s_b);
        for (var i = 0; i < Listings; i++)
        {
            log.Add(Sample.Listing(i));
        }

        var list = new MergedList();
        list.Apply(Origin.Parse(s_b), 0, log.Entries, Now, _ => true);
        var states = new List<IndicatorState>();
        var parts = 0;
        for (int? place = 0; place is { } from; parts++)
        {
            place = list.Walk(from, 256, states);
        }

        Assert.InRange(parts, 2, Listings);
        Assert.Equal(list.Page(null, Listings + 1).Select(s => s.Id), states.Select(s => s.Id).Order());
    }

    [Fact]
    public void ChangedAside_AfterTruncation_PositionsOfBeforeAreLost()
    {
        var list = new MergedList();
        var before = list.Position;
        list.Truncate(Origin.Parse(s_b), 0, 0, Now, _ => true);

        Assert.Null(list.ChangedAside(before, 10));
        Assert.NotNull(list.ChangedAside(list.Position, 10));
        Assert.Null(list.ChangedAside(list.Position with { Aside = 1 }, 10));
        Assert.Null(list.ChangedAside(list.Position with { Aside = -1 }, 10));
    }

    [Fact]
    public void AsideChanges_MoreThanFit_ForgetsTheOldestOnly()
    {
        const int Capacity = 256;
        var changes = new AsideChanges(Capacity);
        var ids = Enumerable.Range(0, 1000).Select(i => Sample.Image(i).Id).ToList();
        for (var i = 0; i < ids.Count; i++)
        {
            Assert.True(changes.Reaches(new ListPosition(changes.Run, Math.Max(0, i - Capacity))));
            Assert.False(changes.Reaches(new ListPosition(changes.Run, i - Capacity - 1)));
            Assert.Equal(ids[Math.Max(0, i - Capacity)..i], changes.After(Math.Max(0, i - Capacity), 10_000));
            changes.Add([ids[i]]);
        }

        Assert.Equal(ids[^3..], changes.After(ids.Count - 3, 10));
        Assert.Equal(ids[^3..^1], changes.After(ids.Count - 3, 2));
        Assert.Empty(changes.After(ids.Count, 10));
    }

    private static void Do(MergedList list, (int What, int At, int Count) step)
    {
        var origin = Origin.Parse(s_b);
        var applied = (int)list.AppliedOf(s_b);
        switch (step.What)
        {
            case 0:
                list.Apply(origin, applied, [.. s_log.Entries.Skip(applied).Take(step.Count)], Now, _ => true);
                break;
            case 1:
                list.Overlie(origin, step.At, [.. s_log.Entries.Skip(step.At).Take(step.Count)], Now, _ => true);
                break;
            case 2 when step.Count > 6:
                foreach (var index in list.Truncate(origin, Math.Min(step.At, applied), step.At, Now, _ => true))
                {
                    list.Restore(origin, index, s_log.Entries[(int)index], Now, _ => true);
                }

                break;
            case 3:
                list.Defer(
                    origin,
                    [.. Enumerable.Range(0, step.Count % 3).Select(i => Sample.Listing(step.At + i)).Select(l => new NewEntry(l.Kind, l.Encode()))],
                    Now,
                    _ => true);
                break;
        }
    }

    private static string Text(IEnumerable<IndicatorState> states) => string.Join('\n', states.Select(s =>
        $"{s.Id}: {string.Join(' ', s.Listings.Concat(s.Opinions).Select(e => $"{e.Origin.Text} {e.Index} {e.LeafHash} {e.Payload}"))}"));

    /// <summary>A copy of the list, kept as docs/protocol.md, section 14, says.</summary>
    private sealed class Follower
    {
        private readonly MergedList _list;
        private readonly SortedDictionary<Hash256, IndicatorState> _states = [];
        private ListPosition? _position;
        private long _read;

        public Follower(MergedList list, bool walk = true, Action? meanwhile = null)
        {
            _list = list;
            if (walk)
            {
                Begin(meanwhile);
            }
        }

        public IEnumerable<IndicatorState> States => _states.Values;

        public void Follow(int most)
        {
            while (true)
            {
                if (_list.ChangedAside(_position, most) is not var (ids, next))
                {
                    Begin();
                    return;
                }

                _position = next;
                foreach (var id in ids)
                {
                    Look(id);
                }

                var applied = _list.AppliedOf(s_b);
                for (; _read < applied; _read++)
                {
                    if (IdAt(_read) is { } id)
                    {
                        Look(id);
                    }
                }

                if (ids.Count < most)
                {
                    return;
                }
            }
        }

        /// <summary>An order to erase names nothing here, as if what it is about were gone already.</summary>
        private static Hash256? IdAt(long index)
        {
            var (leaf, salt, payload) = s_log.Entries[(int)index];
            return LogEntry.TryInterpret(
                Origin.Parse(s_b), index, Protocol.Merkle.MerkleHash.Leaf(leaf), leaf, salt, payload, out var entry, out _)
                ? entry.Payload switch
                {
                    ListingPayload listing => listing.Indicator.Id,
                    WithdrawalPayload withdrawal => withdrawal.IndicatorId,
                    OpinionPayload opinion => opinion.IndicatorId,
                    _ => null,
                }
                : null;
        }

        private void Begin(Action? meanwhile = null)
        {
            (_position, _read) = (_list.Position, _list.AppliedOf(s_b));
            _states.Clear();
            var states = new List<IndicatorState>();
            for (int? place = 0; place is { } from;)
            {
                place = _list.Walk(from, 5, states);
                meanwhile?.Invoke();
            }

            states.ForEach(s => _states[s.Id] = s);
        }

        private void Look(Hash256 id)
        {
            _states.Remove(id);
            if (_list.TryGet(id, out var state))
            {
                _states[id] = state;
            }
        }
    }
}
