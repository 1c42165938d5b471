using System.Collections;
using System.Reflection;
using FederationNode.Contracts.Peers;
using FederationNode.Protocol.Entries;
using Xunit;

namespace FederationNode.Node.Tests.Peers;

/// <summary>
/// What can leave a node is one of these messages or an entry with one of these payloads. Whatever in them is text or bytes
/// of any length stands here, so that nobody adds a place for raw data without a word about it.
/// </summary>
public sealed class OutgoingTypesTests
{
    /// <summary>
    /// Of messages: names of logs and links, digests, checkpoints and roots; points, which say nothing of what was blinded;
    /// and leaves, salts and payloads of entries that are in a log.
    /// </summary>
    [Fact]
    public void Messages_HaveNoTextOrBytes_ButThese() => Assert.Equal(
        [
            "EntryMessage.Leaf",
            "EntryMessage.Payload",
            "EntryMessage.Salt",
            "EvaluateMessage.Blinded",
            "EvaluateMessage.Type",
            "EvaluatedMessage.Evaluated",
            "EvaluatedMessage.Proof",
            "ForkMessage.Proof",
            "ForkPushMessage.Origin",
            "ForkPushMessage.Proof",
            "ForkRequestMessage.Origin",
            "HeadMessage.Origin",
            "HeadMessage.Root",
            "HeadsAnswerMessage.Digest",
            "HeadsAnswerMessage.Links",
            "HeadsAnswerMessage.Yours",
            "HeadsQuestionMessage.Digest",
            "HeadsQuestionMessage.Yours",
            "LiveMessage.Digest",
            "LiveRequestMessage.Origin",
            "OutlineMessage.After",
            "OutlineMessage.Before",
            "OutlineMessage.Checkpoint",
            "OutlineMessage.Hashes",
            "PushMessage.After",
            "PushMessage.Before",
            "PushMessage.Checkpoint",
            "RangeMessage.After",
            "RangeMessage.Before",
            "RangeMessage.Checkpoint",
            "RangeRequestMessage.Origin",
            "UrgentMessage.Origin",
            "WholeMessage.Leaf",
            "WholeMessage.Payload",
            "WholeMessage.Salt",
        ],
        OpenMembers(typeof(PeerRoutes).Assembly.GetTypes().Where(t => t.Namespace == typeof(PeerRoutes).Namespace && IsMessage(t))));

    /// <summary>
    /// Of entries: what an analyst publishes, with codes of fixed lists and a reason in words; what the secretariat signed;
    /// what dealers of keys say. The value that is listed itself is a keyword, a hash or a tag: it has no place for another.
    /// </summary>
    [Fact]
    public void Payloads_HaveNoTextOrBytes_ButThese() => Assert.Equal(
        [
            "CeremonyPayload.Message",
            "ErasePayload.Reason",
            "ListingPayload.Action",
            "ListingPayload.Category",
            "ListingPayload.Cites",
            "ListingPayload.Exceptions",
            "ListingPayload.Jurisdictions",
            "ListingPayload.Taxon",
            "ListingPayload.Tlp",
            "OpinionPayload.Lister",
            "OpinionPayload.Reason",
            "OpinionPayload.Stance",
            "RosterPayload.Note",
            "TallyPayload.Category",
            "WithdrawalPayload.Reason",
        ],
        OpenMembers(typeof(Payload).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Payload)))));

    private static bool IsMessage(Type type) => type.GetCustomAttributes().Any(a => a.GetType().Name == "MessagePackObjectAttribute");

    private static string[] OpenMembers(IEnumerable<Type> types) =>
    [
        .. types.SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.Name != nameof(Payload.Kind) && IsOpen(p.PropertyType))
            .Select(p => $"{t.Name}.{p.Name}")).Order(StringComparer.Ordinal),
    ];

    private static bool IsOpen(Type type) =>
        type == typeof(string) || type == typeof(object) || type == typeof(ReadOnlyMemory<byte>)
        || (type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type)
            && (type.GetElementType() ?? type.GenericTypeArguments.FirstOrDefault()) is var element
            && (element == typeof(string) || element == typeof(byte) || element == typeof(byte[])));
}
