using MessagePack;

namespace FederationNode.Grains.Tests.Storage;

[MessagePackObject]
[GenerateSerializer]
public sealed class NoteState
{
    [Key(0)]
    [Id(0)]
    public string Text { get; set; } = "";

    [Key(1)]
    [Id(1)]
    public byte[] Bytes { get; set; } = [];
}

[MessagePackObject]
public sealed record CountState([property: Key(0)] long Count, [property: Key(1)] IReadOnlyList<string> Names);

/// <summary>Not marked for MessagePack.</summary>
public sealed class UndeclaredState
{
    public string Text { get; set; } = "";
}

/// <summary>Marked, but holds what is not.</summary>
[MessagePackObject]
public sealed class HalfDeclaredState
{
    [Key(0)]
    public UndeclaredState Inner { get; set; } = new();
}
