using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace WaMcp.Domain.Data;

/// <summary>Stores every typed id of this assembly as uuid.</summary>
internal static class TypedIdConversion
{
    public static void AddAll(ModelConfigurationBuilder configuration)
    {
        foreach (var type in typeof(TypedId).Assembly.GetTypes().Where(IsTypedId))
        {
            configuration.Properties(type).HaveConversion(typeof(Converter<>).MakeGenericType(type));
        }
    }

    private static bool IsTypedId(Type type) =>
        type.IsValueType && type.GetInterfaces().Any(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(ITypedId<>));

    private sealed class Converter<TId>() : ValueConverter<TId, Guid>(id => id.Value, value => Wrap<TId>(value))
        where TId : struct, ITypedId<TId>;

    // Expression trees cannot call static abstract members.
    private static TId Wrap<TId>(Guid value)
        where TId : struct, ITypedId<TId> => TId.From(value);
}
