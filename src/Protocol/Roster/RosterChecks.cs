using FederationNode.Protocol.Entries;
using FederationNode.Protocol.Keys;
using FederationNode.Protocol.Sellers.Holders;

namespace FederationNode.Protocol.Roster;

/// <summary>What must hold within one roster document, whoever signed it. docs/protocol.md, "Roster".</summary>
internal static class RosterChecks
{
    public static string? FirstFault(RosterDocument roster) =>
        Document(roster)
        ?? Keys(roster)
        ?? roster.SellerKeys.Select(k => SellerKey(roster, k)).FirstOrDefault(fault => fault is not null)
        ?? roster.Members.Select(m => Member(roster, m)).FirstOrDefault(fault => fault is not null);

    /// <summary>Whether the text is an endpoint, or empty: of a member that only dials.</summary>
    public static bool IsEndpoint(string endpoint) => endpoint.Length == 0 || EndpointText.IsEndpoint(endpoint);

    /// <summary>Whether the text is a region, or empty: not said.</summary>
    public static bool IsRegion(string region) => region.Length == 0 || Names.IsCode(region);

    /// <summary>What is wrong with a set of keys, or null: each of them another, Ed25519, and fit for enrolment.</summary>
    public static string? FirstFault(IReadOnlyCollection<VerificationKey> keys)
    {
        if (Repeated(keys.Select(k => Convert.ToHexStringLower(k.PublicKey))) is { } key)
        {
            return $"The public key {key} is used twice: every role and log has a key of its own.";
        }

        foreach (var candidate in keys)
        {
            if (candidate.Type != NoteKeyType.Ed25519)
            {
                return $"The key {candidate.Name} is not an Ed25519 key of type 0x01.";
            }

            if (!candidate.CheckForEnrolment(out var fault))
            {
                return $"The key {candidate.Name} cannot be enrolled. {fault}";
            }
        }

        return null;
    }

    private static string? Document(RosterDocument roster)
    {
        if (!Names.IsName(roster.Coalition))
        {
            return "\"coalition\" must be a name: 1 to 63 of a-z, 0-9 and '-'.";
        }

        if (roster.Expires <= roster.Issued)
        {
            return "\"expires\" must be later than \"issued\".";
        }

        if (roster.Members.Length == 0 || roster.Members[0].Name != Origin.Secretariat)
        {
            return "The first member must be the secretariat.";
        }

        return Repeated(roster.Members.Select(m => m.Name)) is { } name ? $"Two members are called {name}."
            : Repeated(roster.Members.Where(m => m.Status != MemberStatus.Expelled).Select(m => m.TlsPin.ToString())) is not null ? "Two members have the same \"tlsPin\"."
            : Repeated(roster.SellerKeys.Select(k => $"{k.Type}/{k.Epoch}")) is { } seller ? $"Two seller keys are given for {seller}."
            : roster.SellerKeys.FirstOrDefault(k => !IndicatorScheme.IsSellerType(k.Type)) is { } odd
                ? $"The type of a seller key, such as tel or pay:iban, is not written like \"{odd.Type}\"."
            : null;
    }

    private static string? Keys(RosterDocument roster)
    {
        if (roster.SecretariatKeys.Length == 0 || roster.Threshold > roster.SecretariatKeys.Length)
        {
            return "\"threshold\" must not be larger than the number of secretariat keys, of which there is at least one.";
        }

        return FirstFault([.. roster.SecretariatKeys, .. roster.Members.SelectMany(m => m.Logs).Select(l => l.Key)]);
    }

    /// <summary>
    /// A holder may be suspended or expelled later, and the roster still says whose shares there are: so its status is
    /// not looked at here, but where the key comes in (<see cref="RosterChain"/>).
    /// </summary>
    private static string? SellerKey(RosterDocument roster, SellerKey key)
    {
        if (key.IsWhole)
        {
            return null;
        }

        var which = $"The seller key of {key.Type}, epoch {key.Epoch},";
        return !SharedKey.AreHolders(key.Holders, out var fault) ? $"{which} has bad holders. {fault}"
            : key.Threshold > key.Holders.Length
                ? $"{which} has {key.Holders.Length} holders, of whom {key.Threshold} would be needed."
            : key.Holders.FirstOrDefault(h => roster.Member(h)?.Roles.Contains(RosterMember.KeyHolder) is not true) is { } stranger
                ? $"{which} has the holder {stranger}, which is no member with the role {RosterMember.KeyHolder}."
            : null;
    }

    private static string? Member(RosterDocument roster, RosterMember member)
    {
        if (!Names.IsName(member.Name))
        {
            return "A member's \"name\" must be 1 to 63 of a-z, 0-9 and '-'.";
        }

        if (!IsEndpoint(member.Endpoint))
        {
            return $"The \"endpoint\" of {member.Name} must be https://host:port, or empty.";
        }

        if (!IsRegion(member.Region))
        {
            return $"The \"region\" of {member.Name} must be a code, such as \"cn\".";
        }

        if (member.Roles.IsEmpty || member.Roles.Any(r => !Names.IsCode(r)))
        {
            return $"{member.Name} needs at least one role, each a code.";
        }

        foreach (var log in member.Logs)
        {
            if (log.Origin.Coalition != roster.Coalition || log.Origin.Member != member.Name)
            {
                return $"The log {log.Origin} does not belong to {member.Name} of {roster.Coalition}.";
            }
        }

        return Repeated(member.Logs.Where(l => l.ClosedAt is null).Select(l => l.Origin.Log)) is { } open
            ? $"{member.Name} has two open logs of kind {open}: close the older epoch."
            : Repeated(member.Logs.Select(l => l.Origin.Text)) is { } twice ? $"The log {twice} is given twice." : null;
    }

    private static string? Repeated(IEnumerable<string> values)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return values.FirstOrDefault(v => !seen.Add(v));
    }
}
