using System.Security.Cryptography;
using FederationNode.Protocol.Sellers.Ceremonies;
using FederationNode.Protocol.Sellers.Holders;
using FederationNode.Protocol.Tests.Sellers.Holders;
using Xunit;

namespace FederationNode.Protocol.Tests.Sellers.Ceremonies;

/// <summary>
/// A ceremony with all its participants. Everything said goes through its encoding to a public copy of the ceremony, and every
/// participant has a copy of its own, as nodes do; a test may put other words into a participant's mouth.
/// </summary>
internal sealed class Hall : IDisposable
{
    private readonly Dictionary<string, (Ceremony Ceremony, CeremonyParticipant Participant)> _seats = [];
    private readonly HashSet<string> _liars = [];
    private readonly SharedKey? _base;

    public Hall(CeremonyPlan plan, int seed, DealtKey? old = null, IReadOnlyList<KeyShare>? oldShares = null)
    {
        Plan = plan;
        var shares = oldShares ?? old?.Shares;
        _base = shares?[0].Key;
        Public = Open();
        foreach (var name in Public.Participants)
        {
            var own = Open();
            var share = own.Dealers.Contains(name) ? shares?.FirstOrDefault(s => s.Holder == name) : null;
            _seats[name] = (own, new CeremonyParticipant(own, name, Seed(seed, name), share));
        }
    }

    public CeremonyPlan Plan { get; }

    public Ceremony Public { get; }

    /// <summary>All that was said, in order: who and what.</summary>
    public List<(string Author, CeremonyMessage Message)> Minutes { get; } = [];

    /// <summary>Turns what a participant would say into something else; null is silence.</summary>
    public Func<string, CeremonyMessage, CeremonyMessage?> Mouth { get; set; } = (_, message) => message;

    public CeremonyParticipant this[string name] => _seats[name].Participant;

    public static byte[] Seed(int seed, string name) =>
        SHA256.HashData([.. BitConverter.GetBytes(seed), .. System.Text.Encoding.ASCII.GetBytes(name)]);

    /// <summary>A new key of the first <paramref name="holders"/> members.</summary>
    public static Hall ForNewKey(int threshold, int holders, int seed = 1, int attempt = 1) =>
        new(CeremonyPlan.ForNewKey("demo", DealtKey.Scheme, attempt, threshold, DealtKey.Names(holders)), seed);

    public Ceremony Open()
    {
        Assert.True(Ceremony.TryOpen(Plan, _base, out var ceremony, out var error), error);
        return ceremony;
    }

    /// <summary>Lets everybody speak until nobody has anything to say.</summary>
    public Ceremony Hold()
    {
        for (var spoken = -1; spoken != Minutes.Count;)
        {
            spoken = Minutes.Count;
            foreach (var (name, (_, participant)) in _seats)
            {
                if (Speak(name, participant) is { } message && Mouth(name, message) is { } said)
                {
                    if (!said.Equals(message))
                    {
                        _liars.Add(name);
                    }

                    Say(name, said);
                }
            }
        }

        return Public;
    }

    /// <summary>An honest participant minds what its log says in its name; a liar goes on.</summary>
    private CeremonyMessage? Speak(string name, CeremonyParticipant participant)
    {
        if (_liars.Contains(name))
        {
            return participant.NextWord(out _);
        }

        Assert.True(participant.TrySpeak(out var message, out var error), error);
        return message;
    }

    public void Say(string author, CeremonyMessage message)
    {
        Assert.True(CeremonyMessage.TryDecode(message.Encode(), out var read, out var error), error);
        if (Public.Take(author, read) == TakeOutcome.Taken)
        {
            Minutes.Add((author, read));
            foreach (var (ceremony, _) in _seats.Values)
            {
                ceremony.Take(author, read);
            }
        }
    }

    public KeyShare Share(string holder)
    {
        Assert.True(_seats[holder].Participant.TryGetShare(out var share, out var error), error);
        return share;
    }

    public KeyShare[] Shares() => [.. Plan.Holders.Select(Share)];

    public void Dispose()
    {
        foreach (var (_, participant) in _seats.Values)
        {
            participant.Dispose();
        }
    }
}
