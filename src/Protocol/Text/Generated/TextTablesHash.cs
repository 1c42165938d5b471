// Written by build/TableGenerator.
namespace FederationNode.Protocol.Text;

/// <summary>Pins the bytes of TextTables.bin.</summary>
internal static class TextTablesHash
{
    /// <summary>SHA-256 of TextTables.bin, in hexadecimal.</summary>
    public const string Sha256 = "a8b4ccaf52ce1ee97c37d9714a5680300266374596446394d320d69f091b13ac";
}
