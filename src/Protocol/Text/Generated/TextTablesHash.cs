// Written by build/TableGenerator.
namespace FederationNode.Protocol.Text;

/// <summary>Pins the bytes of TextTables.bin.</summary>
internal static class TextTablesHash
{
    /// <summary>SHA-256 of TextTables.bin, in hexadecimal.</summary>
    public const string Sha256 = "d253628341f0f3a5a2c34536c76cb88f05e9126e2a8c5b73e59557d9c32a5938";
}
