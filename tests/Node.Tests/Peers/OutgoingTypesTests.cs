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
    [Fact]
    public void Messages_HaveNoTextOrBytes_ButTheseWhichAreBounded() => Assert.Equal(
        [
        ],
        OpenMembers(typeof(PeerRoutes).Assembly.GetTypes().Where(t => t.Namespace == typeof(PeerRoutes).Namespace && IsMessage(t))));

    [Fact]
    public void Payloads_HaveNoTextOrBytes_ButTheseWhichAnAnalystPublishes() => Assert.Equal(
        [
        ],
        OpenMembers(typeof(Payload).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Payload)))));

    private static bool IsMessage(Type type) => type.GetCustomAttributes().Any(a => a.GetType().Name == "MessagePackObjectAttribute");

    private static string[] OpenMembers(IEnumerable<Type> types) =>
    [
        .. types.SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => IsOpen(p.PropertyType))
            .Select(p => $"{t.Name}.{p.Name}")).Order(StringComparer.Ordinal),
    ];

    private static bool IsOpen(Type type) =>
        type == typeof(string) || type == typeof(object) || type == typeof(ReadOnlyMemory<byte>)
        || (type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type)
            && (type.GetElementType() ?? type.GenericTypeArguments.FirstOrDefault()) is var element
            && (element == typeof(string) || element == typeof(byte) || element == typeof(byte[])));
}
