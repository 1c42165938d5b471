using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Quotas;

namespace FederationNode.Protocol.Roster;

/// <summary>
/// Who is in the coalition, with which keys: one version of the roster. It is the text of a signed note, so what the
/// secretariat signs is what people read. docs/protocol.md, "Roster".
/// </summary>
public sealed record RosterDocument
{
    /// <summary>Most members.</summary>
    public const int MaxMembers = 1000;

    /// <summary>Most secretariat keys.</summary>
    public const int MaxSecretariatKeys = 16;

    /// <summary>Most keys for tags of sellers in one roster.</summary>
    public const int MaxSellerKeys = 1024;

    /// <summary>Most kinds of indicator for which one roster limits the lifetime.</summary>
    public const int MaxLifetimes = 64;

    /// <summary>The shortest limit of a lifetime, in seconds: a day.</summary>
    public const long LeastLifetime = 86_400;

    /// <summary>The coalition's name.</summary>
    public required string Coalition { get; init; }

    /// <summary>1 for the first document, then exactly one more each time.</summary>
    public required int Version { get; init; }

    /// <summary>When it was made, in unix seconds; a claim.</summary>
    public required long Issued { get; init; }

    /// <summary>
    /// When it should have been replaced, in unix seconds. A node past this time keeps working with it and raises an
    /// alarm: somebody may be keeping the newer roster from it.
    /// </summary>
    public required long Expires { get; init; }

    /// <summary>How many of the secretariat's keys must sign the next version.</summary>
    public required int Threshold { get; init; }

    /// <summary>The secretariat's keys.</summary>
    public required ImmutableArray<VerificationKey> SecretariatKeys { get; init; }

    /// <summary>The keys for seller tags.</summary>
    public ImmutableArray<SellerKey> SellerKeys { get; init; } = [];

    /// <summary>
    /// The longest time from a listing's issue to its end by kind of indicator, in seconds, where the roster says one.
    /// </summary>
    public ImmutableSortedDictionary<string, long> Lifetimes { get; init; } =
        ImmutableSortedDictionary.Create<string, long>(StringComparer.Ordinal);

    /// <summary>The members, the secretariat first.</summary>
    public required ImmutableArray<RosterMember> Members { get; init; }

    /// <summary>The member of this name, or null.</summary>
    public RosterMember? Member(string name) => Members.FirstOrDefault(m => m.Name == name);

    /// <summary>The key for tags of a type and epoch, or null.</summary>
    public SellerKey? SellerKeyOf(string type, int epoch) =>
        SellerKeys.FirstOrDefault(k => k.Type == type && k.Epoch == epoch);

    /// <summary>How much a member may ask each holder of a key for.</summary>
    public TagQuota QuotaOf(string member, string type, int epoch) =>
        Member(member)?.Quota ?? SellerKeyOf(type, epoch)?.Quota ?? TagQuota.Default;

    /// <summary>The log of this origin and its member, or false if the roster names no such log.</summary>
    public bool TryFindLog(
        string origin,
        [NotNullWhen(true)] out RosterLog? log,
        [NotNullWhen(true)] out RosterMember? member)
    {
        foreach (var candidate in Members)
        {
            foreach (var owned in candidate.Logs)
            {
                if (owned.Origin.Text == origin)
                {
                    log = owned;
                    member = candidate;
                    return true;
                }
            }
        }

        log = null;
        member = null;
        return false;
    }

    /// <summary>The member that proves to hold the TLS key with this pin, unless it is suspended or expelled.</summary>
    public RosterMember? ActiveMemberByPin(Hash256 pin) =>
        Members.FirstOrDefault(m => m.TlsPin == pin && m.Status == MemberStatus.Active);

    /// <summary>Whether the word of a member counts in the view.</summary>
    public bool Counts(string member) => Member(member) is { Status: not MemberStatus.Expelled };

    /// <summary>The text to sign: a header line, then JSON, two spaces of indentation, line feeds.</summary>
    public string ToText() => RosterJson.Write(this);

    /// <summary>Reads the text of a roster note and checks that it makes sense in itself.</summary>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out RosterDocument? document,
        [NotNullWhen(false)] out string? error) => RosterJson.TryRead(text, out document, out error);
}
