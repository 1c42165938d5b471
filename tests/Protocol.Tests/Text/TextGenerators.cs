using CsCheck;

namespace FederationNode.Protocol.Tests.Text;

/// <summary>Texts that are likely to combine, reorder, expand, shrink or be ill-formed.</summary>
internal static class TextGenerators
{
    private static readonly int[] Tricky =
    [
        'a', 'A', 'e', 'I', '1', '<', ' ', ' ', '\t', 0x3B1, 0x3C2, 0x3A9, 0xDF, 0x130, 0x1C4, 0x1F80, 0x1E9B,
        0x300, 0x301, 0x308, 0x315, 0x323, 0x327, 0x338, 0x345, 0x34F, 0x5B0, 0x591, 0x3099, 0x304B, 0xFF76, 0xFF9E,
        0x1100, 0x1161, 0x11A8, 0xAC00, 0xAC01, 0x3131, 0x9C7, 0x9BE, 0x9D7, 0xB47, 0xB3E, 0xF71, 0xF72, 0xF73, 0xF81,
        0x200B, 0x200D, 0xAD, 0xFE0F, 0xE0100, 0xFEFF, 0xFF21, 0xFF11, 0x661, 0x1D7CE, 0x2460, 0xFDFA, 0xA8, 0x2028,
        0x3000, 0x8C61, 0x9E9F, 0x85B4, 0x82E7, 0xF914, 0x2F800, 0x1D15E, 0x1D165, 0x110BA, 0x1F418, 0x1F3FF, 0xFFFD,
    ];

    private static readonly Gen<string> Piece = Gen.Frequency(
        (8, Gen.OneOf(Tricky).Select(char.ConvertFromUtf32)),
        (2, Gen.Char[' ', '~'].Select(c => c.ToString())),
        (2, Gen.Int[0, 0x10FFFF].Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32)),
        (1, Gen.Char['\uD800', '\uDFFF'].Select(c => c.ToString())));

    public static Gen<string> Text { get; } = Piece.Array[0, 24].Select(string.Concat);

    public static Gen<string> Marks { get; } =
        Gen.OneOf('\u0301', '\u0323', '\u0327', '\u0345', '\u034F', '\u05B0', '\u3099', '\u0308')
            .Array[0, 200].Select(marks => "x" + new string(marks) + "e");
}
